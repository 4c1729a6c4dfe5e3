"""What a person or program can ask Jangbu to do, whatever the door: each takes a house and gives plain values.

Owns the order of use cases across rooms; no texts, no parsing of arguments, no HTTP.
"""

from __future__ import annotations

from jangbu.app.operations.catalog import (
    catalog_import,
    catalog_link_by_hand,
    catalog_link_by_sku,
    catalog_offers,
    set_policy,
)
from jangbu.app.operations.connect import application_set, application_state, connect_begin, connect_finish
from jangbu.app.operations.imports import import_begin, import_list
from jangbu.app.operations.orders import order_list, order_show, orders_read, ship_order
from jangbu.app.operations.people import (
    audit_list,
    people_list,
    person_add,
    person_invite,
    person_password,
    person_remove,
    person_role,
    person_sign_out,
)
from jangbu.app.operations.records import activity, call_list, call_summary, delivery_list, plan, recent_writes
from jangbu.app.operations.shops import (
    resume_all,
    shop_add,
    shop_facts,
    shop_list,
    shop_set,
    shop_show,
    shop_state,
    status,
    stop_all,
)
from jangbu.app.operations.stock import ledger_verify, stock_change, stock_many, stock_rows, stock_show, why

OPERATIONS = {
    fn.__name__: fn
    for fn in (
        shop_add,
        shop_list,
        shop_show,
        shop_state,
        shop_set,
        stop_all,
        resume_all,
        status,
        catalog_import,
        catalog_link_by_sku,
        catalog_link_by_hand,
        catalog_offers,
        set_policy,
        stock_change,
        stock_many,
        stock_show,
        why,
        ledger_verify,
        stock_rows,
        orders_read,
        order_list,
        order_show,
        ship_order,
        plan,
        recent_writes,
        call_list,
        call_summary,
        delivery_list,
        activity,
        application_set,
        application_state,
        connect_begin,
        connect_finish,
        import_begin,
        import_list,
        audit_list,
        people_list,
        person_add,
        person_invite,
        person_password,
        person_remove,
        person_role,
        person_sign_out,
    )
}
"""Every operation by name: what the loopback door of a running hub may be asked for."""

__all__ = [
    "OPERATIONS",
    "activity",
    "application_set",
    "application_state",
    "audit_list",
    "call_list",
    "call_summary",
    "catalog_import",
    "catalog_link_by_hand",
    "catalog_link_by_sku",
    "catalog_offers",
    "connect_begin",
    "connect_finish",
    "delivery_list",
    "import_begin",
    "import_list",
    "ledger_verify",
    "order_list",
    "order_show",
    "orders_read",
    "people_list",
    "person_add",
    "person_invite",
    "person_password",
    "person_remove",
    "person_role",
    "person_sign_out",
    "plan",
    "recent_writes",
    "resume_all",
    "set_policy",
    "ship_order",
    "shop_add",
    "shop_facts",
    "shop_list",
    "shop_set",
    "shop_show",
    "shop_state",
    "status",
    "stock_change",
    "stock_many",
    "stock_rows",
    "stock_show",
    "stop_all",
    "why",
]
