"""Pure translation between Naver's wire types and the records of the sdk, both ways. Sends nothing."""
