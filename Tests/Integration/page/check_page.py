"""What holds of the web page, each in a function of its own. usage: check_page.py PATH-OF-venturi [WORD-OF-A-NAME...]"""

import json
import os
import sys
import tempfile
import traceback

from devtools import Browser, Failure, holds, no_complaints
from plan_view import plans_follow_their_fields, what_no_plan_can_be_made_of_is_told  # noqa: F401, found among the globals
from served import Served

ANSWER = "document.querySelector('.message.assistant:last-child .body')"
ENDED = "document.querySelector('.message.assistant:last-child .counts')"


class Site:
    """A server and a browser, and the pages that are open."""

    def __init__(self, venturi, folder):
        self.venturi, self.folder = venturi, folder
        self.served = Served(venturi, "--results", os.path.join(folder, "Results"))
        self.browser = Browser()

    def page(self, path="/", fresh=True):
        """A page of the server, without what earlier tests have kept."""
        if fresh:
            self.browser.renew()
        page = self.browser.page()
        page.open(self.served.url + path)
        if path == "/":
            page.wait("document.querySelector('#model').value === 'smollm2'")
        return page


def chunk(delta, reason=None, **rest):
    return {"model": "smollm2", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **rest}


def stream(*events, done=True):
    """The body of a streamed answer."""
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


def saying(text, done=True):
    return stream(chunk({"role": "assistant", "content": ""}), chunk({"content": text}), *([chunk({}, "stop")] if done else []), done=done)


EVENTS = {"Content_Type": "text/event-stream"}


def send(page, text):
    page.click("#text")
    page.type(text)
    page.key("Enter")


def set_fields(page, **fields):
    """Sets fields of the sheet as a user does."""
    page.click("#open-settings")
    for name, value in fields.items():
        page.run(f"document.querySelector('#setting-{name}').select()")
        page.type(str(value))
    page.key("Escape")
    page.wait("!document.querySelector('#settings').open")


# The files


def files_need_no_key_and_are_kept_by_browsers(site):
    status, headers, body = site.served.get("/")
    holds("the page is there", status == 200 and b"<title>Venturi</title>" in body)
    policy = headers["Content-Security-Policy"]
    for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]:
        holds(f"{rule} in {policy}", rule in policy.split("; "))
    holds("nothing unsafe in the policy", "unsafe" not in policy and "*" not in policy)
    holds("no guessing of types", headers["X-Content-Type-Options"] == "nosniff")
    again = site.served.get("/", If_None_Match=f'W/"other", {headers["ETag"]}')
    holds("a browser that has it is told so", again[0] == 304 and again[2] == b"")
    holds("another content is sent", site.served.get("/", If_None_Match='"other"')[0] == 200)
    for path in ["/page/main.js", "/page/style.css", "/page/mark.svg", "/figures", "/systems", "/plan"]:
        holds(f"{path} is there", site.served.get(path)[0] == 200)
    for path in ["/page/", "/page/../main.js", "/page/absent.js", "/index.html"]:
        holds(f"{path} is not there", site.served.get(path)[0] == 404)


def all_views_load_without_complaints_and_from_here_only(site):
    page = site.page()
    for name in ["figures", "systems", "plan", "chat"]:
        page.click(f"nav a[data-view={name}]")
        page.wait(f"!document.querySelector('#view-{name}').hidden")
        holds("the others are hidden", page.run("document.querySelectorAll('.view:not([hidden])').length") == 1)
        holds("the link says where one is", page.text("nav a[aria-current=page]").lower() == name)
    site.browser.pump(2.5)
    for path in ["/figures", "/systems", "/plan"]:
        page.open(site.served.url + path)
        page.wait(f"!document.querySelector('#view-{path[1:]}').hidden")
    page.run("history.back()")
    foreign = [url for url in page.requests if not url.startswith((site.served.url, "about:", "blob:"))]
    holds(f"nothing comes from elsewhere: {foreign}", not foreign)
    no_complaints(page)


# The chat


def an_answer_streams_and_tells_its_figures(site):
    page = site.page()
    set_fields(page, temperature=0, max_tokens=400)
    page.run(f"window.lengths = new Set(); setInterval(() => lengths.add({ANSWER}?.textContent.length ?? 0), 20)")
    page.run("window.read = 0; new MutationObserver((all) => { read += all.length }).observe(announcements, { childList: true })")
    send(page, "Tell me a long story about a river.")
    page.wait("document.querySelector('#stop:not([hidden])')")
    page.wait(ENDED)
    holds("the text came bit by bit", page.run("lengths.size") > 5)
    words = page.text(".message.assistant:last-child .counts")
    holds(f"counts and speed: {words}", words.startswith("400 tokens at ") and "first after" in words and "prompt" in words)
    holds(f"why it ended: {words}", "ended at the most tokens" in words)
    holds("a listener is not told each token", 2 <= page.run("read") < 30)
    holds("it can be asked again", page.run("document.querySelector('#send:not([hidden])') !== null"))
    no_complaints(page)


def escape_stops_and_keeps_the_text(site):
    gone = site.served.metric('venturi_requests_total{outcome="client_gone"}')
    page = site.page()
    send(page, "Tell me a very long story about a river and all the towns at it.")
    page.wait(f"{ANSWER}.textContent.length > 60")
    page.key("Escape")
    page.wait(ENDED)
    holds("it says who stopped it", "stopped by you" in page.text(".counts"))
    kept = page.run(f"{ANSWER}.textContent")
    holds("the text is kept", len(kept) > 60)
    holds("the field has the focus", page.run("document.activeElement.id") == "text")
    site.served.until("the server stops too", lambda: site.served.metric("venturi_generations_running") == 0)
    site.served.until("and counts it", lambda: site.served.metric('venturi_requests_total{outcome="client_gone"}') == gone + 1)
    page.open(site.served.url + "/")
    page.wait(ENDED)
    holds("also after a reload", page.run(f"{ANSWER}.textContent") == kept)
    no_complaints(page)


def an_edited_message_stands_beside_the_first_one(site):
    page = site.page()
    page.answer("/v1/chat/completions", saying("the first answer"), **EVENTS)
    second = page.answer("/v1/chat/completions", saying("the second answer"), **EVENTS)
    send(page, "the first question")
    page.wait(f"{ANSWER}?.textContent === 'the first answer' && document.querySelector('#send:not([hidden])')")
    page.click(".message.user .foot button:last-of-type")
    holds("the text is there to be changed", page.run("document.activeElement.value") == "the first question")
    page.type(", but shorter")
    page.key("Escape")
    holds("Escape leaves it as it was", page.text(".said") == "the first question")
    page.click(".message.user .foot button:last-of-type")
    page.type(", but longer")
    page.key("Enter")
    page.wait(f"{ANSWER}?.textContent === 'the second answer'")
    asked = json.loads(second["bodies"][0])
    holds("only the new text was asked", [each["content"] for each in asked["messages"]] == ["the first question, but longer"])
    holds("there are two", "2 of 2" in page.text(".message.user .turn"))
    page.click(".message.user .turn button:first-child")
    page.wait(f"{ANSWER}?.textContent === 'the first answer'")
    holds("the first one is there still", page.text(".said") == "the first question")
    no_complaints(page)


def another_answer_stands_beside_the_first_one(site):
    page = site.page()
    for text in ["one", "two"]:
        page.answer("/v1/chat/completions", saying(text), **EVENTS)
    send(page, "a question")
    page.wait(f"{ANSWER}?.textContent === 'one' && document.querySelector('#send:not([hidden])')")
    page.run("[...document.querySelectorAll('.assistant .foot button')].at(-1).click()")
    page.wait(f"{ANSWER}?.textContent === 'two' && document.querySelector('.assistant .turn')")
    page.click(".assistant .turn button:first-child")
    page.wait(f"{ANSWER}?.textContent === 'one'")
    no_complaints(page)


def requests_carry_what_was_set_and_nothing_else(site):
    page = site.page()
    plain = page.answer("/v1/chat/completions", saying("x"), **EVENTS)
    full = page.answer("/v1/chat/completions", saying("y"), **EVENTS)
    send(page, "a")
    page.wait(f"{ANSWER}?.textContent === 'x' && document.querySelector('#send:not([hidden])')")
    body = json.loads(plain["bodies"][0])
    holds(f"nothing that was not set: {body}", set(body) == {"model", "messages", "stream", "stream_options"})
    fields = {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "max_tokens": 77, "seed": 12345}
    set_fields(page, **fields, system="Be brief.")
    send(page, "b")
    page.wait(f"{ANSWER}?.textContent === 'y' && document.querySelector('#send:not([hidden])')")
    body = json.loads(full["bodies"][0])
    holds(f"all that was set: {body}", all(body[name] == value for name, value in fields.items()))
    said = [(each["role"], each["content"]) for each in body["messages"]]
    holds(f"the whole conversation: {said}", said == [("system", "Be brief."), ("user", "a"), ("assistant", "x"), ("user", "b")])
    page.open(site.served.url + "/")
    holds("settings are kept", page.run("document.querySelector('#setting-top_k').value") == "40")
    no_complaints(page)


def a_number_that_cannot_be_sent_is_named(site):
    page = site.page()
    page.run("Object.assign(document.querySelector('#setting-top_p'), { value: '7' }).dispatchEvent(new Event('input', { bubbles: true }))")
    send(page, "a")
    page.wait("document.querySelector('.notice')")
    holds("it names the setting", "Top p" in page.text(".notice"))
    page.run("[...document.querySelectorAll('.notice button')].find((each) => each.textContent === 'Open the settings').click()")
    holds("and leads there", page.run("document.activeElement.id") == "setting-top_p")
    # Settings are kept, and the next page has them.
    page.run("Object.assign(document.querySelector('#setting-top_p'), { value: '' }).dispatchEvent(new Event('input', { bubbles: true }))")
    no_complaints(page)


def what_the_server_refuses_is_told_with_its_field(site):
    page = site.page()
    error = {"error": {"message": "min_p: 2 is not a number from 0 to 1", "type": "invalid_request_error", "code": "invalid_value", "param": "min_p"}}
    page.answer("/v1/chat/completions", json.dumps(error), status=400, Content_Type="application/json")
    send(page, "a question that must not be lost")
    page.wait("document.querySelector('.notice')")
    words = page.text(".notice")
    holds(f"the field and the value: {words}", "“min_p”" in words and "from 0 to 1" in words)
    holds("the question stays", page.text(".said") == "a question that must not be lost")
    no_complaints(page, "status of 400")


def a_busy_server_is_asked_again(site):
    page = site.page()
    error = {"error": {"message": "256 generations wait already", "type": "rate_limit_error", "code": "overloaded", "param": None}}
    page.answer("/v1/chat/completions", json.dumps(error), status=429, Content_Type="application/json", Retry_After="7")
    page.answer("/v1/chat/completions", saying("now"), **EVENTS)
    send(page, "a question")
    page.wait("document.querySelector('.notice')")
    holds("it says how long to wait", "busy" in page.text(".notice") and " s." in page.text(".notice .wait"))
    page.run("[...document.querySelectorAll('.notice button')].find((each) => each.textContent === 'Try again').click()")
    page.wait(f"{ANSWER}?.textContent === 'now'")
    holds("nothing of the failure is left", not page.run("document.querySelector('.notice, .assistant .turn') !== null"))
    no_complaints(page, "status of 429")


def an_answer_that_breaks_off_is_kept(site):
    page = site.page()
    page.answer("/v1/chat/completions", saying("half of an ans", done=False), **EVENTS)
    failed = stream(chunk({"content": "some more"}), {"error": {"message": "the server is shutting down", "code": "shutting_down"}}, done=False)
    page.answer("/v1/chat/completions", failed, **EVENTS)
    send(page, "a question")
    page.wait("document.querySelector('.notice')")
    holds("it says so", "connection ended" in page.text(".notice"))
    holds("the text is kept", "half of an ans" in page.run(f"{ANSWER}.textContent"))
    page.run("[...document.querySelectorAll('.notice button')].find((each) => each.textContent === 'Try again').click()")
    page.wait("document.querySelector('.notice')?.textContent.includes('shutting down')")
    holds("also an error within a stream", "some more" in page.run(f"{ANSWER}.textContent"))
    no_complaints(page)


def a_server_that_is_gone_is_told_and_nothing_is_lost(site):
    other = Served(site.venturi)
    page = site.browser.page()
    page.open(other.url + "/")
    page.run("localStorage.clear()")
    page.open(other.url + "/")
    page.wait("document.querySelector('#model').value === 'smollm2'")
    port = int(other.url.rsplit(":", 1)[1])
    other.kill()
    send(page, "are you there?")
    page.wait("document.querySelector('.notice')")
    holds("it says so", "does not answer" in page.text(".notice"))
    holds("the question stays", page.text(".said") == "are you there?")
    page.click("nav a[data-view=figures]")
    page.wait("document.querySelector('#figures-notice .notice')")
    back = Served(site.venturi, port=port)
    page.wait("!document.querySelector('#figures-notice .notice')")
    page.click("nav a[data-view=chat]")
    set_fields(page, max_tokens=5)
    page.run("[...document.querySelectorAll('.notice button')].find((each) => each.textContent === 'Try again').click()")
    page.wait(ENDED)
    no_complaints(page, "ERR_CONNECTION_REFUSED")
    back.close()
    other.close()


def conversations_outlive_a_reload_and_are_deleted_on_request(site):
    page = site.page()
    for name in ["first", "second"]:
        page.answer("/v1/chat/completions", saying(f"answer to the {name}"), **EVENTS)
        send(page, f"{name} conversation")
        page.wait(f"{ANSWER}?.textContent === 'answer to the {name}' && document.querySelector('#send:not([hidden])')")
        page.click("#new-conversation")
    page.type("a draft")
    site.browser.pump(1)
    page.open(site.served.url + "/")
    names = page.run("[...document.querySelectorAll('#conversation-list .name')].map((each) => each.textContent)")
    holds(f"all are there: {names}", sorted(names) == ["New conversation", "first conversation", "second conversation"])
    holds("so is the draft", "a draft" in page.run("[...Object.values(localStorage)].join()"))
    # Another tab adds to the same conversation.
    page.run("[...document.querySelectorAll('#conversation-list .open')].find((each) => each.textContent.includes('first')).click()")
    other = site.page(fresh=False)
    other.run("[...document.querySelectorAll('#conversation-list .open')].find((each) => each.textContent.includes('first')).click()")
    other.answer("/v1/chat/completions", saying("from the other tab"), **EVENTS)
    send(other, "more")
    other.wait(f"{ANSWER}?.textContent === 'from the other tab' && document.querySelector('#send:not([hidden])')")
    page.wait(f"{ANSWER}?.textContent === 'from the other tab'")
    other.close()
    page.send("Page.bringToFront")
    page.run("window.saved = []; URL.createObjectURL = (blob) => { saved.push(blob); return 'blob:none' }")
    page.run("document.querySelector('#export-all').addEventListener('click', () => {}); HTMLAnchorElement.prototype.click = () => {}; document.querySelector('#export-all').click()")
    exported = json.loads(page.run("saved[0].text()"))
    holds("all are exported", len(exported["conversations"]) == 3)
    page.click("#delete-all")
    page.click("#question button[value=no]")
    holds("no deletes nothing", page.run("document.querySelectorAll('#conversation-list li').length") == 3)
    page.click("#delete-all")
    page.click("#question-yes")
    page.wait("document.querySelectorAll('#conversation-list li').length === 0")
    holds("nothing is left", not page.run("Object.keys(localStorage).some((name) => name.startsWith('venturi.conversation'))"))
    no_complaints(page)


def what_was_kept_in_the_browser_may_be_anything(site):
    page = site.page()
    kept = {
        "venturi.conversation.a": "no json", "venturi.conversation.b": '{"id":"b","messages":[{"id":"x","parent":"y","role":"user","content":"circle"},{"id":"y","parent":"x","role":"user","content":"circle"}]}',
        "venturi.conversation.c": '{"id":"c","messages":[null,7,{"id":"m","role":"user","content":"fine","parent":null}],"chosen":7,"changed":"late"}',
        "venturi.settings": "[", "venturi.theme": "<b>",
    }
    page.run(f"for (const [name, value] of Object.entries({json.dumps(kept)})) localStorage.setItem(name, value)")
    page.open(site.served.url + "/")
    page.wait("document.querySelector('#model').value === 'smollm2'")
    names = page.run("[...document.querySelectorAll('#conversation-list .name')].map((each) => each.textContent)")
    holds(f"what can be read is shown: {names}", "fine" in names)
    no_complaints(page)


def the_keyboard_alone_is_enough(site):
    page = site.page()
    # What the model says to this may be a word.
    page.answer("/v1/chat/completions", saying("an answer of some words"), **EVENTS)
    page.run("document.activeElement.blur()")
    seen = []
    for _ in range(40):
        page.key("Tab")
        place = page.run("""(() => {
            const { activeElement: it } = document;
            const style = getComputedStyle(it);
            const around = getComputedStyle(it.closest('.composer') ?? it);
            const isVisible = style.outlineStyle !== 'none' || around.boxShadow !== 'none';
            return [it.id || it.className || it.textContent.trim(), isVisible];
        })()""")
        holds(f"the focus is seen: {place}", place[1])
        seen.append(place[0])
        if place[0] == "text":
            break
    holds(f"first a way past the frame: {seen}", seen[0] == "skip")
    for name in ["theme", "open-key", "new-conversation", "text"]:
        holds(f"{name} is reached: {seen}", name in seen)
    page.type("one")
    page.key("Enter", shift=True)
    page.type("two")
    holds("Shift+Enter breaks the line", page.run("document.querySelector('#text').value") == "one\ntwo")
    page.key("Enter")
    page.wait(f"{ANSWER}?.textContent.length > 10")
    holds("Enter sends", page.run("document.querySelector('.said').textContent") == "one\ntwo")
    page.key("Escape")
    page.wait("document.querySelector('#send:not([hidden])')")
    page.run("document.querySelector('#open-settings').focus()")
    page.key("Enter")
    page.wait("document.querySelector('#settings').open")
    page.key("Escape")
    holds("a dialog gives the focus back", page.run("document.activeElement.id") == "open-settings")
    no_complaints(page)


def everything_that_can_be_used_has_a_name(site):
    page = site.page()
    page.answer("/v1/chat/completions", saying("```swift\nlet a = 1\n```"), **EVENTS)
    send(page, "code")
    page.wait("document.querySelector('.assistant .foot button')")
    for name in ["chat", "figures", "systems", "plan"]:
        page.click(f"nav a[data-view={name}]")
        site.browser.pump(0.5)
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
        used = [each for each in nodes if not each.get("ignored") and each["role"]["value"] in (
            "button", "link", "textbox", "searchbox", "combobox", "checkbox", "spinbutton", "image", "region", "dialog", "table")]
        nameless = [each["role"]["value"] for each in used if not each.get("name", {}).get("value")]
        holds(f"{name}: {nameless} of {len(used)} have no name", len(used) > 8 and not nameless)
    no_complaints(page)


# How it looks


CONTRAST = """(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const read = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map((each) => each / 255)
        .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
        .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
    const poor = [];
    let count = 0;
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
        if (!own || !element.checkVisibility({ visibilityProperty: true }) || element.closest('.unseen, :disabled, .skip, option')) continue;
        let back = element;
        while (back && read(getComputedStyle(back).backgroundColor)[3] < 255) back = back.parentElement;
        const style = getComputedStyle(element);
        const [one, two] = [light(read(element.closest('svg') ? style.fill : style.color)), light(read(getComputedStyle(back ?? document.body).backgroundColor))];
        const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
        count += 1;
        if (ratio < 4.5) poor.push(`${element.tagName}.${element.getAttribute('class')} ${ratio.toFixed(2)}`);
    }
    return [count, [...new Set(poor)]];
})()"""


def the_theme_is_the_systems_until_it_is_switched(site):
    page = site.page()
    background = "getComputedStyle(document.body).backgroundColor"
    page.media(prefers_color_scheme="light")
    light = page.run(background)
    page.media(prefers_color_scheme="dark")
    dark = page.run(background)
    holds("it follows the system", light != dark)
    page.click("#theme")
    holds("light in spite of the system", page.run(background) == light and "light" in page.text("#theme-name"))
    page.open(site.served.url + "/")
    holds("also after a reload", page.run(background) == light)
    page.click("#theme")
    page.media(prefers_color_scheme="light")
    holds("dark in spite of the system", page.run(background) == dark)
    page.click("#theme")
    holds("and the system's again", page.run(background) == light)
    no_complaints(page)


def all_text_stands_out_in_both_themes(site):
    page = site.page()
    text = "# Title\n\nA [link](https://example.org), `code` and **more**.\n\n> quote\n\n1. one\n\n```swift\nlet a = 1\n```\n\n|a|b|\n|-|-|\n|1|2|"
    page.answer("/v1/chat/completions", saying(text, done=False), **EVENTS)
    send(page, "a question")
    page.wait("document.querySelector('.notice')")
    for scheme in ["light", "dark"]:
        page.media(prefers_color_scheme=scheme)
        for name in ["chat", "figures", "systems", "plan"]:
            page.click(f"nav a[data-view={name}]")
            if name == "systems":
                page.wait("document.querySelector('#system-067')")
                page.run("document.querySelector('#system-067-detail').hidden && document.querySelector('#system-067 h2 button').click()")
            site.browser.pump(0.6)
            count, poor = page.run(CONTRAST)
            holds(f"{name}, {scheme}: {poor} of {count}", count > 10 and not poor)
    no_complaints(page)


def it_fits_a_narrow_screen(site):
    page = site.page()
    page.size(360, 740)
    # The list of a wide screen leaves first.
    page.wait("getComputedStyle(document.querySelector('#conversations')).visibility === 'hidden'")
    page.answer("/v1/chat/completions", saying("```\n" + "wide " * 60 + "\n```\n\n" + "w" * 300 + "\n\n|" + "cell |" * 30 + "\n|" + "-|" * 30), **EVENTS)
    send(page, "x" * 200)
    page.wait("document.querySelector('.assistant .foot button')")
    for name in ["chat", "figures", "plan", "systems"]:
        page.click(f"nav a[data-view={name}]")
        if name == "systems":
            page.wait("document.querySelector('#system-067')")
            page.click("#system-067 h2 button")
        site.browser.pump(0.6)
        holds(f"{name} is not wider than the screen", page.run("document.documentElement.scrollWidth") <= 360)
    page.click("nav a[data-view=chat]")
    page.click("#toggle-list")
    page.wait("getComputedStyle(document.querySelector('#conversations')).visibility === 'visible'")
    holds("what it covers cannot be reached", page.run("document.querySelector('.talk').inert"))
    page.key("Escape")
    holds("Escape closes the list", page.run("document.activeElement.id") == "toggle-list")
    no_complaints(page)


def nothing_moves_for_those_who_do_not_want_it(site):
    page = site.page()
    running = "document.getAnimations().filter((each) => each.playState === 'running').length"
    holds("something moves else", page.run(running) > 0)
    page.media(prefers_reduced_motion="reduce")
    page.answer("/v1/chat/completions", saying("x"), **EVENTS)
    holds("nothing does then", page.run(running) == 0)
    no_complaints(page)


# What is hostile


HOSTILE = """<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>

<svg onload="window.hacked = 1"></svg> [a](javascript:window.hacked=1) [b](data:text/html,<script>1</script>) [c](JaVaScRiPt:alert(1))
![d](https://127.0.0.1:1/pixel.png) <https://example.org/"onmouseover="window.hacked=1> [e](//127.0.0.1:1/x) [f](https://example.org)
[`<b>`](vbscript:x) https://example.org/'"><script>window.hacked=1</script>

```"><script>window.hacked = 1</script>
</code></pre><script>window.hacked = 1</script>
```

| <iframe src="javascript:window.hacked=1"> | b |
|--|--|
| <a href="javascript:window.hacked=1">x</a> | <form action="//127.0.0.1:1"> |
"""


def the_text_of_a_model_is_only_text(site):
    page = site.page()
    hostile_name = {**chunk({"content": HOSTILE}), "model": "<img src=x onerror=window.hacked=1>"}
    page.answer("/v1/chat/completions", stream(hostile_name, chunk({}, "stop")), **EVENTS)
    send(page, "<img src=x onerror='window.hacked = 1'>")
    page.wait("document.querySelector('.assistant .foot button')")
    site.browser.pump(0.5)
    holds("nothing ran", page.run("window.hacked === undefined"))
    holds("there are no such elements", page.run("document.querySelectorAll('#messages :is(img, script, iframe, form, style, object, embed, [onerror], [onload], [onmouseover])').length") == 0)
    links = page.run("[...document.querySelectorAll('#messages a')].map((each) => each.href)")
    holds(f"links lead to the web: {links}", len(links) == 4 and all(each.startswith("https://") for each in links))
    holds("the tags are seen", "<script>window.hacked = 1</script>" in page.text("#messages"))
    holds("nothing was fetched", not [url for url in page.requests if "127.0.0.1:1/" in url])
    no_complaints(page)


def names_and_labels_of_figures_are_only_text(site):
    page = site.browser.page()
    page.open(site.served.url + "/systems")
    label = "<img src=x onerror=window.hacked=1>\\\"\\n\\\\"
    text = f'venturi_requests_total{{outcome="{label}"}} 3\nventuri_requests_total{{outcome="ok"}} 1\nbad{{x="\nworse {{}} 1\n' \
        f'other{{<b>="x",__proto__="y"}} NaN\n' + site.served.get("/metrics")[2].decode()
    page.answer("/metrics", text, times=1000, Content_Type="text/plain")
    page.click("nav a[data-view=figures]")
    page.run("document.querySelector('.rest').open = true; for (const each of document.querySelectorAll('.card details')) each.open = true")
    page.wait("document.querySelector('#all-figures').textContent.includes('<img src=x')")
    site.browser.pump(2.5)
    holds("nothing ran", page.run("window.hacked === undefined && document.querySelectorAll('main img, main b').length === 0"))
    holds("the table of outcomes shows it", "<img src=x" in page.run("document.querySelector('.card.outcomes').textContent"))
    no_complaints(page)


def markdown_is_read_as_it_is_meant(site):
    page = site.page()
    read = "(async (text) => { const { show } = await import('/page/markdown.js'); const place = document.createElement('div'); show(text, place); return place.innerHTML.replace(/<figcaption>.*?<\\/figcaption>/g, '').replace(/ (target|rel|title|tabindex|role|aria-label)=\"[^\"]*\"/g, '') })"
    cases = [
        ("a **b** *c* ~~d~~ `e*f*`", "<p>a <strong>b</strong> <em>c</em> <s>d</s> <code>e*f*</code></p>"),
        ("***both***", "<p><em><strong>both</strong></em></p>"),
        ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
        ("*open and **open", "<p>*open and **open</p>"),
        ("a\nb", "<p>a<br>b</p>"),
        ("\\*not\\*", "<p>*not*</p>"),
        ("## Two ##", '<h5 class="level-2">Two</h5>'),
        ("- a\n- b\n  - c\n- d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("1. a\n\n   more\n\n2. b", "<ol><li><p>a</p><p>more</p></li><li><p>b</p></li></ol>"),
        ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        ("---", "<hr>"),
        ("```py\na < b\n\n  c\n```\nd", '<figure class="code"><pre><code>a &lt; b\n\n  c</code></pre></figure><p>d</p>'),
        ("```\nopen", '<figure class="code"><pre><code>open</code></pre></figure>'),
        ("|a|b|\n|:-:|-:|\n|1|`x\\|y`|", '<div class="wide"><table><thead><tr><th scope="col" class="middle">a</th><th scope="col" class="end">b</th></tr></thead><tbody><tr><td class="middle">1</td><td class="end"><code>x|y</code></td></tr></tbody></table></div>'),
        ("[a *b*](https://x.org/(1)?q)", '<p><a href="https://x.org/(1)?q">a <em>b</em></a></p>'),
        ("see https://x.org/a_b_c.", '<p>see <a href="https://x.org/a_b_c">https://x.org/a_b_c</a>.</p>'),
        ("[a](javascript:b)", "<p>a (javascript:b)</p>"),
        ("", ""),
    ]
    for text, wanted in cases:
        found = page.run(f"{read}({json.dumps(text)})")
        holds(f"{text!r} gives {found!r}, not {wanted!r}", found == wanted)
    # A text that grows gives what it gives at once.
    whole = "\n\n".join(text for text, _ in cases)
    grown = page.run(f"""(async (text) => {{
        const {{ show }} = await import('/page/markdown.js');
        const [grown, once] = [document.createElement('div'), document.createElement('div')];
        for (let end = 0; end <= text.length; end += 1) show(text.slice(0, end), grown);
        show(text, once);
        return grown.innerHTML === once.innerHTML;
    }})({json.dumps(whole)})""")
    holds("a text that grows gives what it gives at once", grown)
    no_complaints(page)


def markdown_of_any_kind_is_read_in_time_and_depth(site):
    page = site.page()
    for seed in ["*a ", "**", "_a_ ", "[", "[a](", "](", "`", "``a` ", "> ", "- ", "  - a\n", "|a", "|\n|-", "~~", "<", "http://", "\\", "![", "1. ", "#", "*a **b ", "a**b*"]:
        depth = page.run(f"""(async (text) => {{
            const {{ show }} = await import('/page/markdown.js');
            const place = document.createElement('div');
            show(text, place);
            let deepest = 0;
            for (const element of place.querySelectorAll('*')) {{
                let depth = 0;
                for (let each = element; each !== place; each = each.parentElement) depth += 1;
                deepest = Math.max(deepest, depth);
                if (deepest > 200) break;
            }}
            return deepest;
        }})({json.dumps(seed)}.repeat({60_000 // len(seed)}))""")
        holds(f"{seed!r} repeated goes {depth} deep", depth <= 100)
    no_complaints(page)


def streams_and_figures_are_read_in_any_pieces(site):
    page = site.page()
    text = ": ping\n\ndata: a\n\ndata:b\r\n\r\nevent: x\ndata: c\ndata: d\n\nid: 1\r\rdata: ü€😀\r\n\r\ndata: cut off"
    found = page.run(f"""(async (text) => {{
        const {{ events }} = await import('/page/sse.js');
        const bytes = new TextEncoder().encode(text);
        const all = [];
        for (let size = 1; size <= bytes.length; size += 1) {{
            const body = new ReadableStream({{ start(controller) {{
                for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
                controller.close();
            }} }});
            const said = [];
            for await (const data of events(body)) said.push(data);
            all.push(JSON.stringify(said));
        }}
        return [...new Set(all)];
    }})({json.dumps(text)})""")
    holds(f"the same in all pieces: {found}", [json.loads(each) for each in found] == [["a", "b", "c\nd", "ü€😀"]])
    figures = "# TYPE h histogram\n" + "".join(f'h_bucket{{le="{bound}"}} {below}\n' for bound, below in [("0.1", 10), ("1", 30), ("+Inf", 40)])
    figures += 'h_sum 9\nh_count 40\nc{a="x\\"}\\\\\\n",b="2"} 5 1700000000\nc 1e3\nn NaN\n'
    found = page.run(f"""(async (text) => {{
        const {{ parse, histogram, quantile, total }} = await import('/page/prometheus.js');
        const all = parse(text);
        const h = histogram(all, 'h');
        return [total(all, 'c'), all.get('c')[0].labels.get('a'), quantile(0.25, h), quantile(0.5, h), quantile(1, h), quantile(0.5, {{ buckets: [] }}) !== 0];
    }})({json.dumps(figures)})""")
    holds(f"figures are read: {found}", found[:2] == [1005, 'x"}\\\n'] and found[2] == 0.1 and abs(found[3] - 0.55) < 1e-9 and found[4] == 1)
    no_complaints(page)


# Figures and systems


def figures_follow_the_server(site):
    page = site.page()
    set_fields(page, max_tokens=40)
    page.click("nav a[data-view=figures]")
    page.wait("document.querySelector('#figures-state').textContent.includes('every 2 seconds')")
    page.click("nav a[data-view=chat]")
    send(page, "Hello!")
    page.wait(ENDED)
    page.click("nav a[data-view=figures]")
    page.wait("document.querySelector('.card.tokens .line')?.getAttribute('d').includes('L')")
    page.wait("Number.parseFloat(document.querySelector('#flow-rate').textContent) > 0")
    for name in ["tokens", "requests", "first", "inter", "outcomes", "prefix", "kv"]:
        label = page.run(f"document.querySelector('.card.{name} svg.plot').getAttribute('aria-label')")
        holds(f"{name} says what it shows: {label}", label and ("now" in label or "nothing yet" in label))
    page.run("for (const each of document.querySelectorAll('.card details')) each.open = true")
    page.wait("document.querySelectorAll('.card tbody tr').length > 20")
    holds("percentiles", "95 of 100" in page.text(".card.first table"))
    page.click("#pause")
    before = len(page.requests)
    site.browser.pump(4.5)
    holds("a pause asks nothing", len(page.requests) == before)
    no_complaints(page)


def systems_are_found_and_tell_what_was_measured(site):
    page = site.page("/systems")
    page.wait("document.querySelectorAll('.system').length === 114")
    page.click("#search")
    page.type("flash attention")
    page.wait("document.querySelectorAll('.system').length < 114")
    holds("the likeliest comes first", "FlashAttention-2" in page.text(".system:first-child h2"))
    page.run("document.querySelector('#search').value = ''; document.querySelector('#search').dispatchEvent(new Event('input'))")
    page.click("#states input[value=partial]")
    partial = page.run("[...document.querySelectorAll('.system .state')].map((each) => each.textContent)")
    holds("a state alone", partial and set(partial) == {"partial"})
    page.click("#states input[value=partial]")
    page.run("Object.assign(document.querySelector('#room'), { value: 'Planner' }).dispatchEvent(new Event('change'))")
    rooms = page.run("[...document.querySelectorAll('.system .room')].map((each) => each.textContent)")
    holds("a room alone", 0 < len(rooms) < 114 and all(each.startswith("Planner") for each in rooms))
    page.run("Object.assign(document.querySelector('#room'), { value: '' }).dispatchEvent(new Event('change'))")
    page.type("qqqq")
    page.open(site.served.url + "/systems#067")
    page.wait("document.querySelector('#system-067 .result')")
    words = page.text("#system-067")
    for part in ["venturi reproduce 67", "The paper", "GFLOP/s", "met", "Not built or not measured yet"]:
        holds(f"{part!r} is told", part in words)
    holds("its pictures are there", page.run("document.querySelectorAll('#system-067 .picture svg.plot').length") >= 3)
    holds("with their numbers", page.run("document.querySelectorAll('#system-067 .picture table tbody tr').length") >= 6)
    no_complaints(page)


def a_server_without_results_says_so(site):
    with tempfile.TemporaryDirectory() as folder:
        other = Served(site.venturi, "--results", folder)
        page = site.browser.page()
        page.open(other.url + "/systems")
        page.wait("document.querySelectorAll('.system').length === 114")
        holds("it says why", "no results.json" in page.text("#systems-notice"))
        with open(os.path.join(folder, "results.json"), "w") as file:
            file.write('{"results":[{"system":{"number":1},"checks":7,"plots":[{"series":[{"points":[[1,"x"]]}]}],"measures":[{}],"date":"<b>"}]}')
        page.run("document.querySelector('#systems-notice button').click()")
        page.wait("!document.querySelector('#systems-notice .notice')")
        page.run("document.querySelector('#system-001 h2 button').click()")
        page.wait("document.querySelector('#system-001 .result')")
        no_complaints(page)
        other.close()


def a_server_with_keys_asks_for_one(site):
    other = Served(site.venturi, "--api-key", "sesame-5")
    holds("the page is open", other.get("/")[0] == 200 and other.get("/page/main.js")[0] == 200)
    for path in ["/systems.json", "/metrics", "/v1/models"]:
        holds(f"{path} is not", other.get(path)[0] == 401)
    page = site.browser.page()
    page.open(other.url + "/")
    page.wait("document.querySelector('.notice')")
    holds("it asks", "asks for a key" in page.text(".notice"))
    page.click(".notice button")
    page.type("wrong")
    page.key("Enter")
    page.wait("document.querySelector('.notice').textContent.includes('does not know')")
    page.click(".notice button")
    page.type("sesame-5")
    page.key("Enter")
    page.wait("document.querySelector('#model').value === 'smollm2' && !document.querySelector('.notice')")
    set_fields(page, max_tokens=5)
    send(page, "Hello")
    page.wait(ENDED)
    holds("the key is not kept for good unasked", "sesame-5" not in page.run("Object.values(localStorage).join()"))
    page.open(other.url + "/systems")
    page.wait("document.querySelectorAll('.system').length === 114")
    no_complaints(page, "status of 401")
    other.close()


TESTS = [value for name, value in list(globals().items()) if callable(value) and getattr(value, "__code__", None)
         and value.__code__.co_varnames[:1] == ("site",) and value.__code__.co_argcount == 1]


def main():
    venturi, words = sys.argv[1], sys.argv[2:]
    folder = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
    chosen = [test for test in TESTS if not words or any(word in test.__name__ for word in words)]
    holds("there are tests", len(TESTS) >= 28 and chosen)
    site = Site(venturi, folder)
    failed = 0
    try:
        for test in chosen:
            try:
                test(site)
                print("holds:", test.__name__.replace("_", " "), flush=True)
            except Exception as error:
                failed += 1
                print("FAILS:", test.__name__.replace("_", " "), "-", error if isinstance(error, Failure) else traceback.format_exc(), flush=True)
            for page in list(site.browser.pages.values()):
                page.close()
    finally:
        site.browser.close()
        site.served.close()
    print(f"{len(chosen) - failed} of {len(chosen)} hold")
    sys.exit(1 if failed else 0)


main()
