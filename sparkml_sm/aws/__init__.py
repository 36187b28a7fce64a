"""The AWS side: configuration, S3, jobs, hosting, names; boto3 and nothing of Spark."""
