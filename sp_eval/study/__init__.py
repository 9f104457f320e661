"""What is asked: the nouns of an evaluation."""
