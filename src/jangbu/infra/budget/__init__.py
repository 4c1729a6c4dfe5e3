"""The call budget all processes share, one database row per bucket. Owns no queue: `sdk.budget` does."""

from jangbu.infra.budget.shared import SharedBudget, prepare

__all__ = ["SharedBudget", "prepare"]
