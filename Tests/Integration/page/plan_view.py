"""What holds of the page's plan."""

import json

from devtools import holds, no_complaints

DRAWN = "document.querySelectorAll('#plan-results svg.plot .line').length"
ROWS = "[...document.querySelectorAll('#plan-results tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))"


def edit(page, name, value):
    page.run(f"document.querySelector('#plan-{name}').select()")
    page.type(str(value))


def plans_follow_their_fields(site):
    page = site.page("/plan")
    page.wait(f"{DRAWN} === 2")
    rows = page.run(ROWS)
    holds(f"a row for each device: {rows}", [row[0] for row in rows] == ["A100-SXM-80GB", "H100-SXM"] and rows[0][1] == "yes")
    first = page.run("document.querySelector('#plan-results .line').getAttribute('d')")
    # The page says what the interface says.
    status, _, body = site.served.post("/plan/inference", {
        "model": "Llama-2-7B", "devices": ["A100"], "batch": 8, "prompt": 512, "depth": 2048})
    told = json.loads(body)["plans"][0]
    holds(f"{rows[0][7]} tokens/s are {told['tokensPerSecond']}", status == 200 and
          abs(float(rows[0][7].replace(",", "")) / told["tokensPerSecond"] - 1) < 0.006)
    edit(page, "depth", 65536)
    page.wait(f"document.querySelector('#plan-results .line').getAttribute('d') !== {json.dumps(first)}")
    page.wait("document.querySelector('#plan-results .misfit')")
    holds("the address tells it", "depth=65536" in page.run("location.hash"))
    page.run("[...document.querySelectorAll('#plan-devices input')].find((each) => each.value === 'L4').click()")
    page.wait(f"{DRAWN} === 3")
    page.run("Object.assign(document.querySelector('#plan-sweep'), { value: 'depth' }).dispatchEvent(new Event('input', { bubbles: true }))")
    page.wait("document.querySelector('#plan-results figcaption').textContent.includes('before the timed one')")
    address = page.run("location.pathname + location.hash")
    other = site.page(address)
    other.wait(f"{DRAWN} === 3")
    holds("an address opens the same plan", other.run(ROWS) == page.run(ROWS))
    holds("nothing is wider than the page", other.run("document.documentElement.scrollWidth <= innerWidth"))
    no_complaints(page)
    no_complaints(other)


def what_no_plan_can_be_made_of_is_told(site):
    page = site.page("/plan#precision=fp8&batch=x&model=none&devices=,H100-SXM,what")
    # An A100 would not compute in FP8; an H100 does. What an address has wrong is what is usual.
    page.wait(f"{DRAWN} === 1")
    holds("the usual model", page.run("document.querySelector('#plan-model').value") == "Llama-2-7B")
    page.run("[...document.querySelectorAll('#plan-devices input')].find((each) => each.value === 'A100-SXM-80GB').click()")
    page.wait("document.querySelector('#plan-notice .notice')")
    holds("the field is named", "precision" in page.text("#plan-notice"))
    page.run("[...document.querySelectorAll('#plan-devices input')].find((each) => each.value === 'A100-SXM-80GB').click()")
    page.wait("!document.querySelector('#plan-notice .notice')")
    edit(page, "batch", "-3")
    page.wait("document.querySelector('#plan-batch').getAttribute('aria-invalid') === 'true'")
    page.run("for (const each of document.querySelectorAll('#plan-devices input:checked')) each.click()")
    page.wait("document.querySelector('#plan-results').textContent.includes('Choose a device')")
    no_complaints(page, "status of 400")
