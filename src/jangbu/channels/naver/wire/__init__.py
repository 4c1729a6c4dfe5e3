"""The payload fields of Naver's answers that we use, as Naver spells them. Owns no meaning.

Every enumeration is plain text and every field that Naver does not promise is optional, so that a new value
or a missing field is never a failure to read.
"""
