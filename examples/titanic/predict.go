package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/passengers"
	"github.com/titanicml/terraform-provider-titanicml/examples/titanic/internal/survival"
)

// The content types of requests and answers.
const (
	csvType       = "text/csv"
	jsonType      = "application/json"
	jsonLinesType = "application/jsonlines"
)

var contentTypes = []string{csvType, jsonType, jsonLinesType}

// prediction is one answer, named as SageMaker's own classifiers name theirs.
type prediction struct {
	Score float64 `json:"score"`
	Label int     `json:"predicted_label"`
}

// predict decodes a request, scores it and encodes the answer. Content types must be known ones.
// Errors are the caller's fault.
func predict(model *survival.Model, contentType, answerType string, body []byte) ([]byte, error) {
	var people []passengers.Passenger
	var err error
	switch contentType {
	case csvType:
		people, err = passengers.DecodeCSV(body)
	case jsonType:
		people, err = passengers.DecodeJSON(body)
	case jsonLinesType:
		people, err = passengers.DecodeJSONLines(body)
	default:
		err = fmt.Errorf("content type %q is not known", contentType)
	}
	if err != nil {
		return nil, err
	}
	predictions := make([]prediction, len(people))
	for i, person := range people {
		predictions[i].Score = model.Score(person)
		if model.Survives(predictions[i].Score) {
			predictions[i].Label = 1
		}
	}
	return encodePredictions(predictions, answerType)
}

func encodePredictions(predictions []prediction, answerType string) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	switch answerType {
	case jsonType:
		if err := encoder.Encode(map[string][]prediction{"predictions": predictions}); err != nil {
			return nil, fmt.Errorf("encode the predictions: %w", err)
		}
	case jsonLinesType:
		for _, p := range predictions {
			if err := encoder.Encode(p); err != nil {
				return nil, fmt.Errorf("encode the predictions: %w", err)
			}
		}
	default:
		for _, p := range predictions {
			out.WriteString(strconv.FormatFloat(p.Score, 'g', -1, 64) + "," + strconv.Itoa(p.Label) + "\n")
		}
	}
	return out.Bytes(), nil
}

// requestType returns the content type of a request, false when it is none of ours.
func requestType(header string) (string, bool) {
	mediaType, parameters, err := mime.ParseMediaType(header)
	if err != nil || !slices.Contains(contentTypes, mediaType) {
		return "", false
	}
	charset := strings.ToLower(parameters["charset"])
	return mediaType, charset == "" || charset == "utf-8" || charset == "us-ascii"
}

// answerType chooses the best type that an Accept header allows: the highest weight, then the type of the
// request, then the order of the header. False when it allows none of ours.
func answerType(accept, requested string) (string, bool) {
	if strings.TrimSpace(accept) == "" {
		return requested, true
	}
	best, bestWeight := "", 0.0
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, parameters, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		weight := 1.0
		if text, given := parameters["q"]; given {
			if weight, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		for _, candidate := range append([]string{requested}, contentTypes...) {
			family, _, _ := strings.Cut(candidate, "/")
			if mediaType != candidate && mediaType != "*/*" && mediaType != family+"/*" {
				continue
			}
			if weight > bestWeight || (weight == bestWeight && weight > 0 && candidate == requested) {
				best, bestWeight = candidate, weight
			}
			break
		}
	}
	return best, best != ""
}
