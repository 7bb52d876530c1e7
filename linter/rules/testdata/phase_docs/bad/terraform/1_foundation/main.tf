locals {} # want "phase document docs/00-foundations.md is missing; write it with its seven sections"
