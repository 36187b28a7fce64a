"""What is known of each SageMaker algorithm: one small declarative file an algorithm."""
