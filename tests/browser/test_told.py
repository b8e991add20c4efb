"""The card of the account page as one uses it: a webhook is added, its secret shown, a test sent, and what came back appears by itself."""

from playwright.sync_api import Browser, expect

from portal.notices.models import Delivery, Webhook
from tests import factories
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import AXE, judge
from tests.processes import Web
from worker.deliver import deliver_due


def test_a_webhook_is_added_and_tried_out(browser: Browser, web: Web) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce")
    context.add_init_script(path=AXE)
    page = context.new_page()
    sign_in(context, factories.make_user("ada"), web)
    page.goto(f"{web.url}/account/")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("Address").fill("https://10.0.0.1/")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_text("It leads to a private or reserved address")).to_be_visible()
    page.get_by_label("Address").fill("https://hooks.invalid/ganvas")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.locator("#new-webhook-secret")).to_have_text(Webhook.objects.get().secret)
    page.get_by_role("button", name="Send a test to").click()
    expect(page.locator("#deliveries")).to_contain_text("On its way")
    deliver_due()
    assert Delivery.objects.get().attempts == 1
    expect(page.locator("#deliveries")).to_contain_text("The name of its host is not known.")
    assert judge(page) == []
    context.close()
