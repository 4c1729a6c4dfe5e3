"""The door to encryption: data keys under a master key. Owns no table: the rooms keep sealed bytes."""

from jangbu.infra.vault.master import load_master_key
from jangbu.infra.vault.vault import SealedKey, Vault

__all__ = ["SealedKey", "Vault", "load_master_key"]
