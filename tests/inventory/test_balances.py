from __future__ import annotations

from jangbu.inventory.model import Account, Stock


def test_on_hand_is_all_that_lies_on_the_shelf_promised_or_not() -> None:
    stock = Stock(
        {
            Account.AVAILABLE: 5,
            Account.COMMITTED: 2,
            Account.SAFETY_STOCK: 1,
            Account.QUALITY_CONTROL: 1,
            Account.DAMAGED: 1,
            Account.INCOMING: 40,
            Account.CUSTOMER: 7,
        },
        reserved=3,
    )
    assert (stock.on_hand, stock.committed, stock.available) == (10, 2, 2)


def test_a_stock_nobody_moved_holds_nothing() -> None:
    assert (Stock({}).on_hand, Stock({}).committed, Stock({}).available) == (0, 0, 0)
