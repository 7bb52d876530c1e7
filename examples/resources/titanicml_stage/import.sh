terraform import titanicml_stage.this s3://titanic-dev-titanicml/titanicml/stages/dev/3_data.json
