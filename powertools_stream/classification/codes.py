"""The codes and names of AWS's errors by kind: passing ones, the deployment's, those of one entry."""

from __future__ import annotations

__all__ = ["CONFIGURATION_CODES", "CONFIGURATION_NAMES", "INVALID_CODES", "RETRYABLE_CODES", "THROTTLING_CODES"]

# Codes by which AWS says "not now": the union of botocore's legacy and standard retry modes, and of the codes that
# batch operations give per entry, and transactions per item.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
RETRYABLE_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "InternalServerException",
        "KmsThrottled",
        "KMSThrottling",
        "KMSThrottlingException",
        "LimitExceededException",
        # Not AWS's: an answer that says nothing of an entry, or that cannot be read. Another attempt tells.
        "MalformedResponse",
        "MissingResponse",
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "UnprocessedItems",
        "UnprocessedKeys",
    }
)

# Those that say "too fast": botocore's, which it slows down for, and those of single entries.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KmsThrottled",
        "KMSThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "UnprocessedItems",
        "UnprocessedKeys",
    }
)

# What another attempt does not cure before the deployment has been changed: permissions, keys, names of resources.
# The numbers are the statuses of services that speak plain HTTP. The others stand on the page of the common errors of
# each service's API reference, and on those of its operations.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
CONFIGURATION_CODES = frozenset(
    {
        "401",
        "403",
        "407",
        "AccessDenied",
        "AccessDeniedException",
        "AccountProblem",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "AuthorizationHeaderMalformed",
        "AWS.SimpleQueueService.NonExistentQueue",
        "DecryptionFailure",
        "EC2AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IllegalLocationConstraintException",
        "IncompleteSignature",
        "index_not_found_exception",
        "InvalidAccessKeyId",
        "InvalidAddress",
        "InvalidClientTokenId",
        "InvalidKeyId",
        "InvalidKMSResourceException",
        "InvalidRuntimeException",
        "InvalidSecurity",
        "InvalidSecurityGroupIDException",
        "InvalidSignatureException",
        "InvalidSourceException",
        "InvalidSubnetIDException",
        "InvalidToken",
        "InvalidZipFileException",
        "KMS.DisabledException",
        "KMS.NotFoundException",
        "KMSAccessDenied",
        "KmsAccessDenied",
        "KMSAccessDeniedException",
        "KmsDisabled",
        "KMSDisabled",
        "KMSDisabledException",
        "KmsInvalidKeyUsage",
        "KmsInvalidState",
        "KMSInvalidState",
        "KMSInvalidStateException",
        "KMSNotFound",
        "KmsNotFound",
        "KMSNotFoundException",
        "KmsOptInRequired",
        "KMSOptInRequired",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NoPublishedVersionException",
        "NoSuchBucket",
        "NotAuthorized",
        "NotFound",
        "NotFoundException",
        "OptInRequired",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "PermanentRedirect",
        "QueueDoesNotExist",
        "RequestTimeTooSkewed",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "security_exception",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)

# What one entry may have brought upon a whole call: sent without it, the others may be taken.
INVALID_CODES = frozenset(
    {
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "BatchRequestTooLong",
        "InvalidArgument",
        "InvalidArgumentException",
        "InvalidMessageContents",
        "InvalidParameter",
        "InvalidParameterCombination",
        "InvalidParameterCombinationException",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidRequest",
        "KeyTooLongError",
        "MalformedXML",
        "MissingParameter",
        "MissingRequiredParameterException",
        "ParameterValueInvalid",
        "SerializationException",
        "UnsupportedOperation",
        "ValidationError",
        "ValidationException",
    }
)

# botocore's errors by name: importing botocore costs a cold start a tenth of a second.
CONFIGURATION_NAMES = frozenset(
    {
        "CredentialRetrievalError",
        "InvalidRegionError",
        "NoCredentialsError",
        "NoRegionError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "TokenRetrievalError",
    }
)
