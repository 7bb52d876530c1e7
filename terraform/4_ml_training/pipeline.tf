# Split, Train, Evaluate, Seal, Floor, Register. The pipeline registers what is worth
# looking at as PendingManualApproval; whether it serves, the gate of stage 5 decides.
#
# No step has a retry policy: Pipelines retries service faults and throttling by itself,
# and AWS writes ExceptionType as a list in its guide and SDK, as one text in the
# published schema, so that no way to write it satisfies both.

resource "aws_sagemaker_pipeline" "survival" {
  pipeline_name         = local.pipeline
  pipeline_description  = "Trains, evaluates and registers a survival model in ${var.env}"
  pipeline_display_name = local.pipeline
  pipeline_definition   = local.pipeline_definition
  role_arn              = local.sagemaker_role_arn

  parallelism_configuration {
    max_parallel_execution_steps = 2
  }

  # The role with all its policies, and the function that a Lambda step names, are
  # there before SageMaker checks them.
  depends_on = [module.sagemaker_role, module.seal]
}

locals {
  pipeline = "${local.name}-survival"

  pipeline_definition = jsonencode({
    Version  = "2020-12-01"
    Metadata = {}

    # Step Functions gives every run its own places; the defaults are for a run by hand.
    Parameters = [
      { Name = "AccuracyFloor", Type = "Float", DefaultValue = var.accuracy_floor },
      { Name = "EvaluationId", Type = "String", DefaultValue = "manual" },
      { Name = "EvaluationUri", Type = "String", DefaultValue = "${local.store}/evaluations/manual/output" },
      { Name = "HoldoutUri", Type = "String", DefaultValue = "s3://${local.datasets_bucket}/curated/manual/holdout" },
      { Name = "RawUri", Type = "String", DefaultValue = local.raw_data_uri },
      { Name = "TrainUri", Type = "String", DefaultValue = "s3://${local.datasets_bucket}/curated/manual/train" },
    ]

    Steps = [
      local.step_split,
      local.step_train,
      local.step_evaluate,
      local.step_seal,
      local.step_floor,
    ]
  })

  step_split = {
    Name        = "Split"
    Type        = "Processing"
    Description = "Deals the data into a training and a held-out part by a hash of the passenger"
    Arguments = {
      AppSpecification = {
        ImageUri            = local.workload_image
        ContainerEntrypoint = ["/titanic"]
        ContainerArguments = [
          "split",
          "--input", "/opt/ml/processing/input/raw/titanic.csv",
          "--train", "/opt/ml/processing/output/train/train.csv",
          "--holdout", "/opt/ml/processing/output/holdout/holdout.csv",
          "--percent", "25",
        ]
      }
      NetworkConfig = local.processing_network
      ProcessingInputs = [
        {
          InputName = "raw"
          S3Input   = merge(local.processing_s3_input, { LocalPath = "/opt/ml/processing/input/raw", S3Uri = { Get = "Parameters.RawUri" } })
        },
      ]
      ProcessingOutputConfig = {
        KmsKeyId = local.data_key_arn
        Outputs = [
          { OutputName = "train", S3Output = { LocalPath = "/opt/ml/processing/output/train", S3UploadMode = "EndOfJob", S3Uri = { Get = "Parameters.TrainUri" } } },
          { OutputName = "holdout", S3Output = { LocalPath = "/opt/ml/processing/output/holdout", S3UploadMode = "EndOfJob", S3Uri = { Get = "Parameters.HoldoutUri" } } },
        ]
      }
      ProcessingResources = local.processing_resources
      RoleArn             = local.sagemaker_role_arn
      StoppingCondition   = { MaxRuntimeInSeconds = 1800 }
      Tags                = local.job_tags
    }
  }

  step_train = {
    Name        = "Train"
    Type        = "Training"
    Description = "Fits the model and cross-validates it"
    Arguments = {
      AlgorithmSpecification = {
        MetricDefinitions = [for metric in local.metrics : { Name = metric, Regex = "${metric}=([0-9.]+)" }]
        TrainingImage     = local.workload_image
        TrainingInputMode = "File"
      }
      EnableInterContainerTrafficEncryption = true
      EnableManagedSpotTraining             = var.use_spot
      EnableNetworkIsolation                = true
      HyperParameters                       = local.hyperparameters
      InputDataConfig = [{
        ChannelName = "train"
        ContentType = "text/csv"
        DataSource = {
          S3DataSource = {
            S3DataDistributionType = "FullyReplicated"
            S3DataType             = "S3Prefix"
            S3Uri                  = { Get = "Steps.Split.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri" }
          }
        }
      }]
      OutputDataConfig = {
        KmsKeyId     = local.data_key_arn
        S3OutputPath = "s3://${local.artifacts_bucket}/pipeline/models"
      }
      ResourceConfig = {
        InstanceCount  = 1
        InstanceType   = var.instance_type
        VolumeKmsKeyId = local.data_key_arn
        VolumeSizeInGB = 30
      }
      RoleArn           = local.sagemaker_role_arn
      StoppingCondition = merge({ MaxRuntimeInSeconds = 3600 }, { for name, seconds in { MaxWaitTimeInSeconds = 7200 } : name => seconds if var.use_spot })
      Tags              = local.job_tags
      VpcConfig         = local.vpc_config
    }
  }

  step_evaluate = {
    Name        = "Evaluate"
    Type        = "Processing"
    Description = "Scores the model on the held-out part"
    Arguments = {
      AppSpecification = {
        ImageUri            = local.workload_image
        ContainerEntrypoint = ["/titanic"]
        ContainerArguments  = ["evaluate"]
      }
      NetworkConfig = local.processing_network
      ProcessingInputs = [
        {
          InputName = "model"
          S3Input   = merge(local.processing_s3_input, { LocalPath = "/opt/ml/processing/input/model", S3Uri = { Get = "Steps.Train.ModelArtifacts.S3ModelArtifacts" } })
        },
        {
          InputName = "data"
          S3Input   = merge(local.processing_s3_input, { LocalPath = "/opt/ml/processing/input/data", S3Uri = { Get = "Steps.Split.ProcessingOutputConfig.Outputs['holdout'].S3Output.S3Uri" } })
        },
      ]
      ProcessingOutputConfig = {
        KmsKeyId = local.data_key_arn
        Outputs = [
          { OutputName = "evaluation", S3Output = { LocalPath = "/opt/ml/processing/output", S3UploadMode = "EndOfJob", S3Uri = { Get = "Parameters.EvaluationUri" } } },
        ]
      }
      ProcessingResources = local.processing_resources
      RoleArn             = local.sagemaker_role_arn
      StoppingCondition   = { MaxRuntimeInSeconds = 1800 }
      Tags                = local.job_tags
    }
  }

  step_seal = {
    Name        = "Seal"
    Type        = "Lambda"
    Description = "Writes the digests of model, data, report and predictions down as evidence"
    FunctionArn = local.seal_arn
    Arguments = {
      evaluation         = { Get = "Parameters.EvaluationId" }
      holdout_uri        = { Get = "Parameters.HoldoutUri" }
      image              = local.workload_image
      model_uri          = { Get = "Steps.Train.ModelArtifacts.S3ModelArtifacts" }
      output_uri         = { Get = "Parameters.EvaluationUri" }
      processing_job_arn = { Get = "Steps.Evaluate.ProcessingJobArn" }
      train_uri          = { Get = "Parameters.TrainUri" }
    }
    DependsOn        = ["Evaluate"]
    OutputParameters = [for name in local.seal_outputs : { OutputName = name, OutputType = "String" }]
  }

  # Not a gate: it only spares the registry what nobody would look at.
  step_floor = {
    Name        = "Floor"
    Type        = "Condition"
    Description = "Registers the model if its cross-validated accuracy is not hopeless"
    DependsOn   = ["Seal"]
    Arguments = {
      Conditions = [{
        Type       = "GreaterThanOrEqualTo"
        LeftValue  = { Get = "Steps.Train.FinalMetricDataList['cv_accuracy'].Value" }
        RightValue = { Get = "Parameters.AccuracyFloor" }
      }]
      IfSteps = [local.step_register]
      ElseSteps = [{
        Name      = "BelowFloor"
        Type      = "Fail"
        Arguments = { ErrorMessage = "The cross-validated accuracy is below the parameter AccuracyFloor; nothing was registered." }
      }]
    }
  }

  step_register = {
    Name        = "Register"
    Type        = "RegisterModel"
    Description = "A new version, PendingManualApproval as every new one; stage 6 adds the lineage"
    Arguments = {
      InferenceSpecification = {
        Containers = [{
          Image        = local.workload_image
          ModelDataUrl = { Get = "Steps.Train.ModelArtifacts.S3ModelArtifacts" }
        }]
        SupportedContentTypes                   = ["text/csv"]
        SupportedRealtimeInferenceInstanceTypes = local.serving_instance_types
        SupportedResponseMIMETypes              = ["application/json"]
        SupportedTransformInstanceTypes         = [var.instance_type]
      }
      ModelMetrics = {
        ModelQuality = {
          Statistics = {
            ContentDigest = { Get = "Steps.Seal.OutputParameters['evaluation_digest']" }
            ContentType   = "application/json"
            S3Uri         = { Get = "Steps.Seal.OutputParameters['evaluation_uri']" }
          }
        }
      }
      ModelPackageDescription = "Registered by the pipeline ${local.pipeline}"
      ModelPackageGroupName   = local.group
    }
  }

  hyperparameters = { features = "full", seed = "1" }

  job_tags = [for key, value in local.tags : { Key = key, Value = value }]

  metrics = ["cv_accuracy", "cv_auc", "cv_log_loss", "train_accuracy", "train_auc", "train_log_loss"]

  processing_network = {
    EnableInterContainerTrafficEncryption = true
    EnableNetworkIsolation                = true
    VpcConfig                             = local.vpc_config
  }

  processing_resources = {
    ClusterConfig = {
      InstanceCount  = 1
      InstanceType   = var.instance_type
      VolumeKmsKeyId = local.data_key_arn
      VolumeSizeInGB = 30
    }
  }

  processing_s3_input = {
    S3DataDistributionType = "FullyReplicated"
    S3DataType             = "S3Prefix"
    S3InputMode            = "File"
  }

  # By name, so that the definition is known when the plan is read.
  sagemaker_role_arn = "arn:aws:iam::${local.account_id}:role/${local.name}-sagemaker"

  seal_outputs = ["evaluation_digest", "evaluation_uri"]

  serving_instance_types = ["ml.c5.large", "ml.m5.large", "ml.t2.medium"]

  vpc_config = {
    SecurityGroupIds = [local.workload_security_group_id]
    Subnets          = local.subnet_ids
  }
}
