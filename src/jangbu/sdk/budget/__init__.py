"""The call budget: who may call when. Owns no transport and no marketplace's numbers."""

from jangbu.sdk.budget.keys import BucketKey, Budget, bucket_keys
from jangbu.sdk.budget.memory import MemoryBudget

__all__ = ["BucketKey", "Budget", "MemoryBudget", "bucket_keys"]
