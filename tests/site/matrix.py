from anlan.kernel import rooms
from anlan.kernel.models import SelfCheck
from tests.cast import World
from tests.matrix import ANYBODY, PUBLIC, Case


def _self_check(world: World) -> dict[str, int]:
    return {"check_id": SelfCheck.objects.create(asked_by=world.approver).pk}


UNITS = {"capability": "organisation.unit.read", "name": "unit"}

CASES = (
    Case("unit_choices", "organisation.unit.read", own=lambda _: UNITS, budget=5),
    Case("home", ANYBODY, budget=9),
    Case("alive", PUBLIC, budget=0),
    Case("ca_page", PUBLIC, answers=404, budget=0),  # this test node has no certificate of its own
    Case("preferences", ANYBODY, method="post", data={"theme": "dark"}, answers=302),
    Case("find", ANYBODY, data={"q": "镇"}, budget=6 + len(rooms.searches())),
    Case("posting", ANYBODY, method="post", answers=302),
    Case("welcomed", ANYBODY, method="post", answers=302),
    Case("node_status", "kernel.node.read", budget=9),
    Case("node_selfcheck", "kernel.node.check", method="post", answers=302, budget=10),
    Case("node_selfcheck_result", "kernel.node.read", own=_self_check, budget=10),
    Case("node_release", "kernel.node.release", method="post", answers=302),
    Case("styleguide", ANYBODY),
    Case("styleguide_form", ANYBODY, own=lambda _: {"form": "desk"}),
    Case("account_login", PUBLIC),
    Case("account_logout", ANYBODY),
    Case("account_inactive", PUBLIC),
    Case("account_reauthenticate", ANYBODY, budget=12),
    Case("account_change_password", ANYBODY),
    Case("devices", ANYBODY),
    Case("device_end", ANYBODY, own=lambda _: {"session_id": 987_654_321}, method="post", answers=404),
    Case("devices_end_others", ANYBODY, method="post", answers=302),
    Case("second_factor", ANYBODY),
    Case("mfa_index", ANYBODY),
    Case("mfa_authenticate", PUBLIC, answers=302),  # nobody is half-way through a log-in
    # What changes a second factor asks for the password again first (302), or there is none to change (404).
    Case("mfa_reauthenticate", ANYBODY, answers=302),
    Case("mfa_activate_totp", ANYBODY, answers=302, budget=10),
    Case("mfa_deactivate_totp", ANYBODY, answers=404),
    Case("mfa_view_recovery_codes", ANYBODY, answers=404),
    Case("mfa_generate_recovery_codes", ANYBODY, answers=302),
    Case("mfa_download_recovery_codes", ANYBODY, answers=404),
    Case("mfa_list_webauthn", ANYBODY),
    Case("mfa_add_webauthn", ANYBODY, answers=302, budget=10),
    Case("mfa_remove_webauthn", ANYBODY, own=lambda _: {"pk": 1}, answers=302),
    Case("mfa_edit_webauthn", ANYBODY, own=lambda _: {"pk": 1}, answers=302),
    Case("mfa_reauthenticate_webauthn", ANYBODY, answers=302),
    Case("api:/me", ANYBODY, budget=3),
    Case("api-1:openapi-json", ANYBODY),
    Case("api-1:api-root", ANYBODY, answers=404),
)
