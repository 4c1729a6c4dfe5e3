"""Words of options and of goods that mean the same in Korean and English, one meaning a line. Data only."""

from __future__ import annotations

from typing import Final

OPTIONS: Final = """
red 빨강 빨간색 레드 적색
orange 주황 오렌지
yellow 노랑 노란색 옐로우 옐로 황색
green 초록 녹색 그린
blue 파랑 파란색 블루 청색
navy 남색 네이비 곤색
sky_blue 하늘색 스카이블루 하늘
purple 보라 보라색 퍼플
pink 분홍 핑크 분홍색
black 검정 검은색 블랙 흑색 먹색 먹
white 하양 흰색 화이트 백색
ivory 아이보리 상아색
cream 크림 크림색
beige 베이지
brown 갈색 브라운
grey gray 회색 그레이
charcoal 차콜
khaki 카키
mint 민트
lavender 라벤더
indigo 쪽빛 인디고
celadon 청자 청자색
milk_white 우유빛 우유색 밀크화이트
gold golden 금색 골드 금 순금
silver 은색 실버 은
rose_gold 로즈골드
gold_plated 금도금 도금
brass 황동 유기 놋쇠
copper 구리 동
pearl 진주 펄
wood wooden 나무 우드 원목
oak 참나무 오크
walnut 호두나무 월넛
leather 가죽 레더
linen 린넨 리넨 마
cotton 면 코튼
ramie 모시
silk 실크 비단 명주
wool 울 양모
ceramic 도자기 세라믹
glass 유리 글라스
paper 종이 한지
small s 소 소형 스몰 작은
medium m 중 중형 미디엄 보통
large l 대 대형 라지 큰
extra_large xl 특대 엑스라지 특대형
mini 미니
free one_size 프리 프리사이즈 단일
short 짧은 숏
long 긴 롱
round 원형 동그란 라운드
square 사각 네모 정사각
heart 하트
star 별 스타
moon 달 문
flower 꽃 플라워
none without 없음 미포함 안함
with 포함 있음
left 왼쪽 좌
right 오른쪽 우
pine 솔 소나무 솔향
mugwort 쑥 쑥향
rose 장미 로즈
jasmine 자스민 재스민
set 세트
single each 단품 낱개
matte matt 무광
glossy 유광
"""

GOODS: Final = """
necklace pendant 목걸이 네크리스 펜던트
bracelet bangle 팔찌 브레이슬릿 뱅글
ring 반지 링
earring earrings stud studs 귀걸이 이어링 귀고리
brooch pin 브로치
hairpin 비녀 머리핀 헤어핀
bowl 그릇 공기 볼 사발
mug 머그 머그컵
cup 컵 잔
plate dish 접시 플레이트
vase 화병 꽃병
teapot 주전자 찻주전자 다관
tea 차 다도 찻잔
spoon 수저 숟가락 스푼
chopsticks chopstick 젓가락 수저
pouch purse 파우치 주머니
bag 가방 백
tote eco 토트 에코백
wallet 지갑
apron 앞치마
scarf 스카프 목도리
candle 캔들 양초 초
soap 비누
fan 부채
notebook journal 공책 노트 수첩
card 카드 엽서
sticker 스티커
print poster 포스터 그림 인쇄
keyring keychain 키링 열쇠고리
charm norigae 노리개 참 장식
doll 인형
cushion pillow 쿠션 베개
blanket 담요 블랭킷
mat coaster 매트 받침 코스터 받침대 깔개
tray 쟁반 트레이
box 상자 함 박스
lamp light 조명 램프 등
clock 시계
mirror 거울
basket 바구니
towel 수건 타월
sock socks 양말
hat cap 모자
dress 원피스 드레스
skirt 치마
shirt 셔츠
hanbok 한복
case 케이스
stand holder rest 거치대 받침 스탠드 홀더
magnet 자석 마그넷
frame 액자
pen 펜
brush 붓 브러시
incense 향 인센스
diffuser 디퓨저
pot planter 화분
wrapping bojagi jogakbo 보자기 조각보
"""
