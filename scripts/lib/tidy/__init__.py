"""The house rules as code; scripts/tidy runs them, scripts/tests/test_tidy.py breaks each once."""
