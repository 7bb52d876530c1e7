#!/bin/sh
"${TERRAFORM:-terraform}" plan -input=false
