"""The door to encryption: data keys under a master key. Owns no table: the rooms keep sealed bytes."""

from jangbu.infra.vault.master import load_master_key
from jangbu.infra.vault.recovery import groups_of, same_group
from jangbu.infra.vault.vault import SealedKey, Vault

__all__ = ["SealedKey", "Vault", "groups_of", "load_master_key", "same_group"]
