"""`python -m sp_eval` does what `sp-eval` does."""

from sp_eval.cli.main import main

if __name__ == "__main__":
    main()
