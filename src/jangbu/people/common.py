"""Passwords that are guessed first, in lower case without signs; digits before and after count for nothing. Pure."""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
password passw0rd passwort passphrase mypassword yourpassword newpassword changeme changethis letmein welcome
welcometo iloveyou ilovekorea qwerty qwertyuiop qwertyasdfgh qwertyuiopasdf asdfghjkl asdfghjklzxcvbnm zxcvbnm
zxcvbnmasdf qazwsx qazwsxedc qazwsxedcrfv 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5
q1w2e3r4t5y6 a1b2c3d4e5 abc123def456 abcdefghij abcd1234efgh administrator adminadmin admin123admin superuser
master masterkey rootroot secret secretpassword default monkey dragon football baseball basketball superman
batman starwars princess sunshine shadow michael jennifer trustno1 whatever computer internet samsung samsunggalaxy
google facebook naver naverpassword navershop smartstore mysmartstore kakao kakaotalk daum nate coupang etsy etsyshop
amazon shopify seller bestseller sellersell myshop myshopping jangbu jangbujangbu ledger korea koreakorea
daehanminguk hangugin seoul seoulkorea busan busankorea saranghae saranghaeyo annyeong annyeonghaseyo
dkssudgktpdy dkssudgktpdyo tkfkdgo tkfkdgody tkfkdgodyo qlalfqjsgh qlalfqjsghqlalfqjsgh wkdqn wkdqnwkdqn dkagh
dkaghdkagh tmakxmtmxhdj tkdwja vksaowk vksaoddldi rhksflwk rhksflwkrhksflwk eogksalsrnr gksrnrdls
비밀번호 비밀번호비밀번호 비밀번호입니다 안녕하세요 안녕하세요반갑습니다
사랑해 사랑해요 사랑합니다 대한민국 대한민국만세 암호 암호암호
스마트스토어 네이버 장부 장부장부 관리자 판매자 우리가게 내상점 서울 서울특별시 부산광역시 아이러브유
""".split()  # noqa: SIM905 - a list of words is read as words

COMMON: Final = frozenset(_WORDS)
