"""The patterns of capture/hidetext.py, and where a quoted value ends."""

from __future__ import annotations

import re
from functools import cache

from kubectl_podx.capture.secretwords import words
from kubectl_podx.model.patterns import lazy

# Without any of these nothing but a random word can be found. To look for plain words first makes
# half a megabyte of configuration take 6 ms and not 60.
HINTS = ("eyJ", "AKIA", "ASIA", "AIza", "ya29", "-u", "-p", "$", ":AA", "dapi", "SK")

SPACED_HINTS = ("-----BEGIN ", "-a ", "-w ", "-U ", "-D ")

LOWER_HINTS = (
    *(
        "pass",
        "pw",
        "sess",
        "sid",
        "secret",
        "token",
        "cred",
        "auth",
        "key",
        "cookie",
        "jwt",
        "basic",
    ),
    *(
        "bearer",
        "saml",
        "salt",
        "pepper",
        "hmac",
        "sig",
        "dsn",
        "conn",
        "cert",
        "pem",
        "otp",
        "pin",
    ),
    *("kubeconfig", "webhook", "identified", "sas", "hooks.", "--user", "proxy-user", "bot"),
    *("_url", "_uri", "-url", "-uri", "dburl", "dburi", "sentry"),
)

PREFIXES = (
    r"gh[pousr]|github_pat|gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent)|xox[abeoprs]|xapp|sk|pk|rk|whsec"
    r"|hv[sbr]|npm|pypi|do[opr]_v1|SG|hf|shp(?:at|ca|pa|ss)|dckr_(?:pat|oat)|lin_api|sq0(?:atp|csp|idp)"
    r"|tskey|sntry[su]|pat|gsk|xai|nvapi|rubygems|AGE-SECRET-KEY|ATATT3x|ATCTT3x|figd|pul|dp\.(?:pt|st|ct)"
    r"|EAAC|r8|glsa|NRAK|PMAK|key|sdk|api|tok|secret|token"
)

# The longest prefix of a kind first matters not: what follows must be a separator.
PREFIXED = lazy(rf"(?<![A-Za-z0-9])(?:{PREFIXES})[-_.](?P<rest>[A-Za-z0-9][\w.-]{{9,}})")

SURE_PREFIX = lazy(
    r"gh[pousr]_|github_pat|gl[a-z]+-|xox|xapp|whsec|hv[sbr]\.|npm_|pypi-|do[opr]_v1|SG\."
    r"|hf_|shp|dckr|lin_api|sq0|tskey|sntry|AGE-|ATATT|ATCTT|figd|sk_|sk-|rk_|pk_|gsk_|xai-|nvapi|glsa"
)

PREFIX_MARK = lazy(r"[A-Za-z0-9][-_.][A-Za-z0-9][\w-]{8}")

KEYS = lazy(
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_=-]{6,}(?:\.[A-Za-z0-9_=-]*){0,4}"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,}"
    r"|(?<![A-Za-z0-9])AIza[\w-]{30,}"
    r"|(?<![A-Za-z0-9])ya29\.[\w.-]{10,}"
    r"|(?<![A-Za-z0-9])(?:dapi|SK)[0-9a-f]{32}(?![0-9a-f])"
    r"|(?<![A-Za-z0-9:])\d{8,10}:AA[\w-]{30,}"
    r"|(?<![\w.-])[a-z0-9]{6}\.(?=[a-z]*[0-9])[a-z0-9]{16}(?![\w.-])"
    r"|(?<=hooks\.slack\.com/services/)[\w/+-]+"
    r"|(?<=/api/webhooks/)\d+/[\w-]+"
    r"|\$(?:2[aby]|5|6|y|argon2id?|apr1)\$[\w./$=,+-]{16,}"
)

RANDOM = lazy(r"[A-Za-z0-9+/_=-]{20,}")
FINGERPRINT = lazy(r"(?i:sha(?:1|256|384|512))[:/-]$")
PEM = lazy(r"-----BEGIN ([A-Z0-9 ]{2,40})-----")

PEM_REST = lazy(
    r"(?:(?:\\+[rn]|[\r\n\t ])+[A-Za-z0-9+/=]{16,80}(?![^\s\\\"'<&,}]))*"
    r"(?:(?:\\+[rn]|[\r\n\t ])+[A-Za-z0-9+/]{1,80}=*(?![^\s\\\"'<&,}]))?"
)

USERINFO = lazy(r"://(?P<user>[^\s/:@\"'<>]{0,256}):(?P<pass>(?:(?!://)[^\s\"'<>]){1,256})@")
PORT_AND_PATH = lazy(r"\d{1,5}(?:[/?#]|$)")
LONE_USER = lazy(r"://(?P<pass>[^\s/:@\"'<>]{12,256})@")

BARE_USERINFO = lazy(
    r"(?<![\w/:.@%-])(?P<user>[\w.-]{1,64}+):(?P<pass>[^\s:@/\"'<>=,;]{3,256})@"
    r"(?P<host>(?:tcp|udp|unix)\(|[\w.-]+(?P<port>:\d+)?(?:/|\b))"
)

Q = r"\\*[\"'`]|&(?:quot|apos|#3[49]|#x2[27]);|%2[27]|\\+u002[27]|\\+x2[27]"

NAMED = lazy(
    r"(?<![\w.-])(?P<name>(?:[\w-]|\.(?!\.)|\$(?=\w)){2,64}+)"
    rf"(?P<close>(?:{Q})\]?|\])?"
    r"(?P<sep>(?:[ \t]|\\t){0,8}\\?"
    r"(?:={1,2}>|->|:=|={1,2}|:(?!:|//)|%3[AaDd]|\\+u003[adAD]|&#61;|\.{3,80}"
    r"|\((?:value|raw)="
    r"|[ \t]\|(?=[ \t]))(?:[ \t]|\\t|\\n[ ]){0,8})(?:!{1,2}\w{1,16}[ ])?"
    r"(?P<list>[\[({][ \t]?)?"
    rf"(?P<open>[bru]{{0,2}}(?:{Q}))?"
)

# `\"a\"` in a string: how many backslashes stand before a quote that ends what such a one began.
INNER = lazy(
    r"\{\s{0,8}\\*[\"']?(?i:value|val|plaintext|raw)\\*[\"']?\s{0,4}[:=]\s{0,4}(?P<open>\\*[\"'])?"
)

UNQUOTED = lazy(
    r"(?:(?![;&,][ ]?[\w.\- ]{1,40}=|[,;][\"'\s]|\\+[\"']"
    r"|&(?:quot|apos|#3[49]|lt);|&amp;[\w.-]{1,40}=)"
    r"[^\s\"'`<]|[\"'](?=[A-Za-z0-9])|<(?![/h])){1,4096}"
)

NEXT_WORD = lazy(r"[ \t,;:]*([^\s]{1,32})?")
PROSE = lazy(r"[A-Za-z]{2,}[,)\"']?[ ]$")
LINE_END = lazy(r"\r?\n|$")
CONTINUES = ("'\"'\"'", "'\\''")

TWO_WORDS = lazy(
    r"(?:api|access|private|secret|encryption|signing|master|license|account|shared|client|connection"
    r"|pass|auth|session)[ ]$",
    re.IGNORECASE,
)

AUTHORIZATION = lazy(
    rf"(?i:(?<![\w-])(?:proxy-|x-)?authorization)(?:{Q}|\])?[ \t]{{0,4}}(?:=>|[:=]|%3A)[ \t]{{0,4}}"
    rf"(?:[\[(]{{0,2}})(?:{Q})?"
    r"(?P<scheme>[A-Za-z][\w-]{1,20}(?:[ \t]|%20|\+(?=[A-Za-z])){1,4})?"
    r"(?P<value>[^\s\"'`<>\\\])&]{1,4096})"
    r"(?P<rest>[^\r\n\"'`<>\\]{0,2048})"
)

WITH_PARAMETERS = lazy(
    r"(?<![\w-])(?i:digest|oauth|aws4-hmac-sha256|hawk|mac|signature|vapid|sharedaccesssignature)"
    r"[ \t]{1,4}"
    r"(?=[\w-]{1,40}=\\*[\"\w])(?P<rest>[^\r\n]{1,4096})"
)

PARAMETER_SCHEMES = words("""
aws4-hmac-sha256 digest hawk mac oauth sharedaccesssignature signature vapid
""")

SCHEMES = words("""
api-key apikey aws aws4-hmac-sha256 basic bearer bot client-id digest genie-key googlelogin hawk
hmac jwt kerberos key mac negotiate ntlm oauth private-token sharedaccesssignature sharedkey
sharedkeylite signature splunk ssws token vapid
""")

SCHEME = lazy(
    r"(?i:(?<![\w-])(?P<scheme>bearer|basic|negotiate|ssws|apikey)(?:[ \t]{1,4}|%20))"
    r"(?P<value>[\w.~+/=:-]{6,})"
)

PARAMETER = lazy(r"(?<![\w-])(?P<name>[\w-]{1,40})=\\*\"?(?P<value>[^\s,;&\"\\]{2,})")

COOKIE = lazy(
    rf"(?i:(?<![\w-])(?:set-)?cookie2?s?)(?:{Q}|\])?"
    rf"[ \t]{{0,4}}(?:=>|[:=])[ \t]{{0,4}}(?:[\[(])?(?:{Q})?"
    r"(?P<rest>[^\r\n\"'<>\\`\]]{1,8192})"
)

COOKIE_PAIR = lazy(r"(?P<name>[\w!#$%&*.^|~-]{1,80})=(?P<value>[^;,\s]+)")

COOKIE_ATTRIBUTES = words("""
domain expires httponly max-age path priority samesite secure
""")

XML = lazy(
    r"(?:<|&lt;)(?P<tag>[\w:.-]{2,64}+)(?P<attributes>[^<>\r\n]{0,256}?)(?:>|&gt;)(?:<!\[CDATA\[)?"
    r"(?P<value>[^<>]{1,4096}?)(?=<|&lt;|\]\]>|$|\r?\n\s*<)"
)

XML_PAIR = lazy(
    r"(?:<|&lt;)(?:name|key)(?:>|&gt;)(?P<name>[\w.-]{2,64}+)(?:<|&lt;)/(?:name|key)(?:>|&gt;)\s{0,64}"
    r"(?:<|&lt;)(?:value|string)(?:>|&gt;)(?P<value>[^<>&]{1,4096})"
)

XML_NAME = lazy(r"(?i:key|name|id)\s?=\s?\\*[\"']([\w.-]{2,64})")

PAIR = lazy(
    rf"(?<![\w-])(?i:name|key)(?:{Q})?[ \t]{{0,4}}[:=][ \t]{{0,4}}"
    rf"(?:{Q})?(?P<name>[\w.-]{{2,64}}+)(?:{Q})?"
    r"[\s,;]{0,32}"
    rf"(?:{Q})?(?i:value)(?:{Q})?[ \t]{{0,4}}[:=][ \t]{{0,4}}(?P<open>{Q})?"
)

SPOKEN = lazy(
    r"(?<![\w.-])(?P<name>(?i:[\w.-]{0,40}passw(?:or)?d|passphrase|passcode|pwd|\w{0,20}pw)|PASS)"
    r"(?P<sep>[ \t]{1,4}(?:(?:is|was|to|of)[ \t]{1,4})?|\([ \t]?)(?P<open>\\*[\"'`])?"
    r"(?P<value>[^\s\"'`\\]{1,256})"
)

SPOKEN_TOKEN = lazy(
    r"(?<![\w.-])(?i:token|api[ _-]?key|access[ _-]key|passcode|credential)s?[ ]"
    r"(?:(?:is|was)[ ])?(?P<open>\\*[\"'`])?"
    r"(?P<value>[^\s\"'`\\]{8,512})"
)

AUTH_COMMAND = lazy(
    r"(?<![\w.-])(?:AUTH(?:[ ][\w.-]{1,64}(?=[ ]))?[ ]"
    r"|\"(?i:auth)\"[ ](?:\"[\w.-]{1,64}\"[ ](?=\"))?\")"
    r"(?P<value>[^\s\"]{4,256})"
)

STATEMENT = lazy(
    r"(?<![\w-])(?:"
    r"(?i:identified[ ]by|requirepass|masterauth|login[ ]\S{1,64}[ ]password)[ \t]{1,4}"
    r"|--from-literal[ =]\\*[\"']?[\w.-]{1,64}=)"
    r"(?P<open>\\*[\"'`])?(?P<value>[^\s\"'`]{1,256})"
)

FLAG_AND_WORD = lazy(
    r"(?<![\w.-])(?P<flag>--?(?P<name>[A-Za-z][\w.-]{0,63}+))(?P<gap>[ \t]{1,8}|[\"'],[ ]?[\"'])"
    r"(?P<open>\\*[\"'])?(?P<value>[^\s\"'-][^\s\"']*|-[^\s\"'-][^\s\"']*[0-9!@#$%^&*][^\s\"']*)"
)

USER_FLAG = lazy(
    r"(?<![\w-])(?:-u|-U|--user|--proxy-user|--auth|-a|-D)(?:[ \t=]{1,4}|(?=\w))"
    r"\\*[\"']?(?P<user>[^\s:\"'%]{0,128})[:%]"
    r"(?P<value>[^\s\"'\\]{1,256})"
)

SHORT = lazy(
    r"(?<![\w-])-(?P<flag>[paw])(?P<gap>[ \t]{0,4})(?P<open>\\*[\"'])?"
    r"(?P<value>[^\s\"'\\-][^\s\"'\\]{0,256})"
)

TOOLS = {
    "p": (
        "mysql",
        "mariadb",
        "sshpass",
        "mongo",
        "docker login",
        "podman login",
        "helm registry",
        "az login",
        "crane auth",
        "skopeo login",
        "oras login",
        "nerdctl login",
        "smbclient",
    ),
    "a": ("redis-cli", "keydb-cli", "valkey-cli"),
    "w": ("ldap",),
}

BLOCK = lazy(r"[|>][+-]?[ \t]*\r?\n(?P<indent>[ \t]+)")


@cache
def _closer(kind: str) -> re.Pattern[str]:
    return re.compile(rf"\\*{re.escape(kind)}|\r?\n")


def quoted_end(text: str, begin: int, opening: str) -> tuple[int, int]:
    """Where the value ends, and where what closes it ends; the end of the line if nothing does."""
    quote = opening[-1]
    if quote not in "\"'`" or opening.startswith(("&", "%")) or "u00" in opening or "x2" in opening:
        mark = opening.lstrip("bru") if opening[0] in "bru" else opening
        line = LINE_END.search(text, begin)
        limit = line.start() if line else len(text)
        end = text.find(mark, begin, limit)
        return (end, end + len(mark)) if end >= 0 else (limit, limit)
    depth = opening.count("\\")
    for match in _closer(quote).finditer(text, begin):
        found = match.group()
        if found[-1] == "\n":
            return match.start(), match.start()
        slashes = len(found) - 1
        if slashes < depth:
            return match.start(), match.start()
        if slashes % (2 * (depth + 1)) != depth:
            continue
        end = match.end() - depth - 1
        following = text[match.end() - 1 : match.end() + 4]
        if quote == "'" and depth == 0 and following.startswith(("''", *CONTINUES)):
            # `'it''s'` of SQL and YAML, `'it'"'"'s'` of a shell.
            if following.startswith("''") and text[match.end() : match.end() + 1] == "'":
                return _after_doubled(text, match.end() + 1, opening)
            skipped = next(len(one) for one in CONTINUES if following.startswith(one))
            return _after_doubled(text, match.end() - 1 + skipped, opening)
        return end, match.end()
    return len(text), len(text)


def _after_doubled(text: str, begin: int, opening: str) -> tuple[int, int]:
    quote = opening[-1]
    end = text.find(quote, begin)
    while end >= 0 and text[end : end + 2] == quote * 2:
        end = text.find(quote, end + 2)
    line = text.find("\n", begin)
    if end < 0 or 0 <= line < end:
        end = line if line >= 0 else len(text)
        return end, end
    return end, end + 1
