from tests.matrix import Case

IMPORT = "organisation.division.import"

CASES = (
    Case("division_list", IMPORT, budget=4),
    Case("division_import", IMPORT, own=lambda _: {"code": "120114000000"}, budget=4),
    Case("division_import", IMPORT, own=lambda _: {"code": "all"}, method="post", budget=4),
)
