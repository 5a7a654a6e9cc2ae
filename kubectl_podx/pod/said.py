"""What kind of error a program reports in a line, with the path, port or name it is about. Pure.

The operating system has few errors, and each language has few forms in which it prints them: the
words of an error number beside the file (`open /x: permission denied`, `[Errno 13] Permission
denied: '/x'`, `EACCES: permission denied, open '/x'`, `AccessDeniedException: /x`). What a line is
about is read from that form, never from a word that merely occurs in it.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from kubectl_podx.model.patterns import lazy

ErrorKind = Literal[
    "noSuchFile",
    "permissionDenied",
    "readOnly",
    "notPermitted",
    "isDirectory",
    "notDirectory",
    "execFormat",
    "noSpace",
    "tooManyFiles",
    "inotify",
    "cannotFork",
    "addressInUse",
    "bindDenied",
    "refused",
    "unresolved",
    "forbidden",
    "unauthorized",
    "authenticationFailed",
    "heapFull",
    "tooEarly",
    "expired",
    "notPidOne",
    "keyTooOpen",
    "tlsExpected",
    "noNewPrivileges",
    "carriageReturn",
]


class Denied(Struct, frozen=True):
    """One request that the API server refused, as its 403 tells of it."""

    user: str
    verb: str
    resource: str
    """With its subresource: `pods/log`; a path for what is no resource."""
    group: str = ""
    namespace: str = ""
    """Empty: at the cluster scope."""
    name: str = ""
    """Of the object, where the request named one."""


class Said(Struct, frozen=True):
    """What one line reports."""

    kind: ErrorKind
    path: str = ""
    """Of the file or folder."""
    port: int | None = None
    name: str = ""
    """The host that was looked up or connected to."""
    capability: str = ""
    """Without `CAP_`: what the refused operation takes."""
    denied: Denied | None = None


def said_by(line: str) -> Said | None:
    """The error that the line reports; None for one of another kind."""
    line = _PLACE.sub("", line.replace('\\"', '"')[:_LONGEST])
    return (
        _forbidden(line)
        or _unresolved(line)
        or _network(line)
        or _special(line)
        or _of_a_file(line)
        or _vague(line)
    )


_LONGEST = 2000
# Where PHP found it: a file of the program, which the error is not about.
_PLACE = lazy(r" in /\S{1,300}(?: on line |:)\d+$")

# --- files -----------------------------------------------------------------------------------

_BEGIN = r"(?:^|[\s:;,.(\[>'\"-])"
_END = r"(?=$|[\s.:;,)\]}>'\"@\[])"
_ERRNO: tuple[tuple[ErrorKind, str], ...] = (
    (
        "readOnly",
        (
            r"read-only file ?system|EROFS|ReadOnlyFileSystemException"
            r"|(?:attempt to write a )?readonly database|no usable temporary directory found"
        ),
    ),
    ("noSpace", r"no space left on device|ENOSPC|disk quota exceeded|EDQUOT"),
    ("tooManyFiles", r"too many open files(?: in system)?|EMFILE|ENFILE"),
    (
        "execFormat",
        (
            r"exec format error|ENOEXEC|cannot execute binary file|cannot execute: "
            r"required file not found"
        ),
    ),
    (
        "permissionDenied",
        (
            r"permission denied|EACCES|AccessDeniedException|PermissionDenied"
            r"|UnauthorizedAccessException|Access to the path '[^']{1,300}' is denied"
            r"|is not writable|not writeable|read-only directory"
        ),
    ),
    ("notPermitted", r"operation not permitted|EPERM|not permitted"),
    ("isDirectory", r"is a directory|EISDIR|IsADirectoryError"),
    ("notDirectory", r"not a directory|ENOTDIR|NotADirectoryError"),
    (
        "noSuchFile",
        (
            r"no such file or directory|ENOENT|NoSuchFileException|FileNotFoundException"
            r"|FileNotFoundError|Could not find a part of the path|bad interpreter"
        ),
    ),
)
_PATTERNS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = tuple(
    (kind, lazy(f"{_BEGIN}({words}){_END}", re.IGNORECASE)) for kind, words in _ERRNO
)
_QUOTED = lazy(
    r"""["'\u2018`]((?:\.{1,2})?/[^"'\u2019`]{0,300}|[\w.-]+/[\w./-]{1,300})["'\u2019`]"""
)
_BARE = lazy(r"(?:(?<=[\s:=(\[@])|^)(/[^\s:'\"`\u2019,;)\]]{1,300}|/(?=[\s:)]))")
_BEFORE = lazy(
    r"(?:\b(?:open|stat|mkdir|create|read|write|exec) |(?<=[\s:])(?=[\w.-]*/))"
    r"([\w-]{0,100}[./][\w./-]{0,300})['\"]?: ?$"
)
_BINDS = lazy(
    r"(?i)\bbind(?:ing)?(?:\(\))?\b|\blisten\b|make_sock|\bsocket\b.{0,40}\bport\b|BindException"
)


def _of_a_file(line: str) -> Said | None:
    for kind, pattern in _PATTERNS:
        found = pattern.search(line)
        if found is None:
            continue
        path = _path(line, found.start(1), found.end(1))
        if kind == "permissionDenied" or kind == "notPermitted":  # noqa: PLR1714 - pyright
            if not path and _BINDS.search(line):
                return Said("bindDenied", port=_port(line), capability="NET_BIND_SERVICE")
            return Said(kind, path, capability=capability(line))
        return Said(kind, path, capability="SYS_ADMIN" if "sysctl" in line else "")
    return None


def _path(line: str, start: int, end: int) -> str:
    """The path behind the error's words, else the last one before them.

    Where several stand before them, as in `run.sh: line 3: /data/x: Permission denied`, the last.
    """
    inside = _QUOTED.search(line[start:end])
    if inside:
        return inside[1]
    after = line[end:]
    for pattern in (_QUOTED, _BARE):
        found = pattern.search(after)
        if found and len(after[: found.start()]) < 60 and "://" not in after[: found.end()]:
            return _whole(found[1])
    before = line[:start]
    places = [*_QUOTED.finditer(before), *_BARE.finditer(before)]
    if places:
        return _whole(max(places, key=lambda each: each.start(1))[1])
    relative = _BEFORE.search(before.rstrip("( "))
    return relative[1] if relative else ""


def _whole(path: str) -> str:
    return path.rstrip(".,)") if len(path) > 1 else path


# What an operation takes (capabilities(7)), by how programs name it.
_TAKES = (
    (
        (
            r"\bip6?tables\b|\bnft\b|\biptables-\w+|netlink|\bnetfilter\b"
            r"|\bip (?:link|route|addr|rule)\b|\bTUNSETIFF\b|/dev/net/tun|\bipvs\w*\b|\bip: "
        ),
        "NET_ADMIN",
    ),
    (
        (
            r"\bchown(?:ing)?\b|\blchown\b|\bfchown(?:at)?\b|changing ownership|change ownership"
            r"|could not change owner"
        ),
        "CHOWN",
    ),
    (
        (
            r"\bsetgid\b|\bsetgroups\b|\binitgroups\b|\bsetegid\b|\bsetresgid\b|can't set groups"
            r"|cannot set groups"
        ),
        "SETGID",
    ),
    (
        (
            r"\bsetuid\b|\bseteuid\b|\bsetresuid\b|\bsetreuid\b|\bswitching to\b|\bgosu\b"
            r"|\bsu-exec\b|\bsetpriv\b|\bsu: "
        ),
        "SETUID",
    ),
    (r"\bchmod\b|changing permissions|change permissions", "FOWNER"),
    (r"\bmknod\b", "MKNOD"),
    (r"\bmlock(?:all)?\b|memory lock", "IPC_LOCK"),
    (r"\bping\b|\btcpdump\b|SOCK_RAW|raw socket|\bpcap\b|\bAF_PACKET\b", "NET_RAW"),
    (r"\bmount\b|\bumount\b|\bunshare\b|\bsetns\b|\bsethostname\b|\bpivot_root\b", "SYS_ADMIN"),
    (r"\bsysctl\b|/proc/sys/", "SYS_ADMIN"),
    (r"\bptrace\b", "SYS_PTRACE"),
    (r"\bsetpriority\b|\bsched_set\w+|\bnice\b", "SYS_NICE"),
    (r"\bsetrlimit\b|\bulimit\b|error setting limit", "SYS_RESOURCE"),
    (r"\bchroot\b", "SYS_CHROOT"),
    (r"\bmodprobe\b|\binsmod\b", "SYS_MODULE"),
    (r"\bkill\b", "KILL"),
    (r"\bsettimeofday\b|\bclock_settime\b|\badjtimex\b", "SYS_TIME"),
    (r"\bbind\b", "NET_BIND_SERVICE"),
)
_NEEDED = tuple((lazy(words), name) for words, name in _TAKES)


def capability(line: str) -> str:
    """What the operation that the line names takes; empty where it names none."""
    return next((name for pattern, name in _NEEDED if pattern.search(line)), "")


# --- the network -----------------------------------------------------------------------------

_HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?"
_NAMES = tuple(
    lazy(pattern)
    for pattern in (
        (
            rf"\blookup ({_HOST})(?: on \S+)?: (?:no such host|server misbehaving|i/o timeout"
            r"|Temporary failure|no answer)"
        ),
        rf"\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN) ({_HOST})",
        rf"\bUnknownHostException: ({_HOST})",
        rf"(?i)\bcould not translate host name \"({_HOST})\"",
        rf"(?i)\bhost not found in (?:upstream|resolver) \"({_HOST})\"",
        rf"(?i)\bbad address '?({_HOST})'?",
        rf"(?i)\bcan't (?:resolve|find) '?({_HOST})'?",
        rf"(?i)\bcould not resolve host(?:name)?:? '?({_HOST})'?",
        rf"(?i)\bunable to resolve host(?:name| address)? [\u2018'\"]?({_HOST})",
        rf"(?i)\bunknown (?:MySQL server )?host:? '?({_HOST})'?",
        rf"(?i)\bfailed to resolve (?:host(?:name)? ['\"]?({_HOST})|['\"]({_HOST})['\"])",
        (
            rf"(?i)['\"(]({_HOST})['\")]?(?::\d{{1,5}})?\)?:? .{{0,40}}(?:name or service not known"
            r"|temporary failure in name resolution|name does not resolve"
            r"|no address associated with hostname)"
        ),
        (
            rf"(?i)(?:to|resolve|host|connect(?:ing)?) ({_HOST})(?::\d{{1,5}})?: (?:name or "
            r"service not known|temporary failure in name resolution|name does not resolve)"
        ),
        (
            rf"(?i)\b(?:host|server)=['\"]?({_HOST})['\"]?.{{0,80}}(?:name or service not known"
            r"|temporary failure in name resolution)"
        ),
        rf"(?i)\bserver can't find ({_HOST}): (?:NXDOMAIN|SERVFAIL|REFUSED)",
        rf"\({_HOST}\).{{0,5}}nodename nor servname|\b({_HOST}): nodename nor servname",
        rf"(?i)\bno such host is known\.? \(({_HOST})",
        rf"(?i)\bDNS (?:lookup|resolution) (?:of|for) ['\"]?({_HOST})['\"]? failed",
    )
)
_NAMELESS = lazy(
    r"(?i)name or service not known|temporary failure in name resolution|name does not resolve"
    r"|no address associated with hostname|failed to lookup address information"
    r"|nodename nor servname provided"
)
_ADDRESS = lazy(
    r"(?:^|[\s\[(\"'@/=])(\[[0-9a-fA-F:]{2,45}\]|::|\*|\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z0-9_][\w.-]{0,252})?"
    r":(\d{1,5})(?!:?\d|\.\d)\b"
)
_PORT_WORD = lazy(r"(?i)\bport:? ?'?(\d{1,5})\b")
_IN_USE = lazy(
    r"(?i)address (?:is )?already in use|EADDRINUSE|AddressInUse|port \d{1,5} (?:is|was) already "
    r"in use|port is already (?:in use|allocated)|port \d{1,5} is in use|address in use"
    r"|AddrInUse"
)
_REFUSED = lazy(r"(?i)connection refused|ECONNREFUSED|ConnectionRefused|can't connect to MySQL")
_BIND_DENIED = lazy(
    r"(?i)\bbind(?:\(\))?(?: to)? .{0,60}(?:permission denied|EACCES)|: bind: permission denied"
    r"|could not bind to address|listen EACCES|BindException: Permission denied"
)
_DENIED = lazy(r"(?i)permission denied|EACCES|operation not permitted")


def _unresolved(line: str) -> Said | None:
    for pattern in _NAMES:
        found = pattern.search(line)
        if found:
            return Said("unresolved", name=next(filter(None, found.groups()), "").rstrip("."))
    return Said("unresolved") if _NAMELESS.search(line) else None


def _network(line: str) -> Said | None:
    if _IN_USE.search(line):
        return Said("addressInUse", port=_port(line))
    if _BIND_DENIED.search(line) and _DENIED.search(line):
        return Said("bindDenied", port=_port(line), capability="NET_BIND_SERVICE")
    if _REFUSED.search(line):
        host = _ADDRESS.search(line)
        return Said("refused", port=_port(line), name=(host[1] or "") if host else "")
    return None


def _port(line: str) -> int | None:
    """Of the last address in the line: `dial tcp 10.0.0.7:40112->10.0.0.9:5432` connects there."""
    found = [int(one[2]) for one in _ADDRESS.finditer(line)] or [
        int(one[1]) for one in _PORT_WORD.finditer(line)
    ]
    found += [int(one) for one in re.findall(r":::(\d{1,5})\b", line)]
    return next((one for one in reversed(found) if 0 < one < 65536), None)


# --- the API server --------------------------------------------------------------------------

_FORBIDDEN = lazy(
    r'(?:([\w.-]{1,100}) )?(?:"([^"\s]{1,253})" )?is forbidden: User "([^"\s]{1,300})" cannot '
    r'([\w*-]{1,40}) (?:resource "([\w.*/-]{1,253})" in API group "([\w.-]{0,253})"'
    r'(?: in the namespace "([a-z0-9-]{1,63})")?|path "([^"\s]{1,253})")'
)
_UNAUTHORIZED = lazy(
    r"\b401 Unauthorized\b|\bstatus code 401\b|\bUnauthorized \(401\)"
    r"|(?:error: |: |^)Unauthorized$|\bthe server has asked for the client to provide credentials\b"
)


def refusals(line: str) -> list[Denied]:
    """Every request that the API server refused, as far as the line tells of them."""
    found = []
    for one in _FORBIDDEN.finditer(line.replace('\\"', '"')):
        _, name, user, verb, resource, group, namespace, path = one.groups()
        found.append(
            Denied(user, verb, resource or path or "", group or "", namespace or "", name or "")
        )
    return found


def _forbidden(line: str) -> Said | None:
    found = refusals(line)
    if found:
        return Said("forbidden", denied=found[0])
    return Said("unauthorized") if _UNAUTHORIZED.search(line) else None


# --- what has a form of its own --------------------------------------------------------------

_INOTIFY = lazy(
    r"(?i)inotify.{0,80}(?:too many open files|no space left|limit)|fsnotify.{0,80}too many open "
    r"files|file watchers reached|failed to (?:create|initialize|start) .{0,20}watch\w*.{0,60}too "
    r"many open files|user limit \([^)]*\) on the total number of inotify"
)
_FORK = lazy(
    r"(?i)can(?:'t|not) fork|\bfork: |fork/exec \S+: resource temporarily|fork failed"
    r"|unable to create (?:new )?native thread|can't start new thread|pthread_create|failed to "
    r"create new OS thread|uv_thread_create|Resource temporarily unavailable.*(?:thread|fork)"
    r"|(?:thread|fork|spawn).{0,60}(?:resource temporarily unavailable|EAGAIN|WouldBlock)"
)
_HEAP = lazy(
    r"OutOfMemoryError|heap out of memory|Reached heap limit|^MemoryError\b"
    r"|cannot allocate memory|runtime: out of memory"
)
_EARLY = lazy(
    # Go names both: `has expired or is not yet valid: current time … is after …`.
    r"(?i)not yet valid(?!.{0,80}\bis after \d)|certificate is not valid yet|NotYetValid"
    r"|issued in the future"
    r"|token used before issued|before its validity"
)
_EXPIRED = lazy(
    r"(?i)certificate (?:has )?expired|CertificateExpired\w*|x509: certificate has expired"
    r"|CERT_HAS_EXPIRED|certificate is expired"
)
_PID_ONE = lazy(
    r"(?i)can only run as pid 1|must (?:be|run as) pid ?1\b|not running as pid ?1|not pid 1"
    r"|trying to run as user instance, but|is not running as process id 1"
    r"|must be run as PID 1"
)
_TOO_OPEN = lazy(
    r"(?i)permissions 0?(?P<mode>\d{3}) for ['\"]?(?P<path>/[^'\"]{1,300}?)['\"]? are too open"
    r"|(?:private key file|key file|file) ['\"](?P<path2>/[^'\"]{1,300})['\"] (?:has|is) (?:group "
    r"or (?:world|other)|too)|(?:permissions on|permission of) ['\"]?(?P<path3>/[^\s'\"]{1,300})"
    r"['\"]? (?:are|is) too open|bad permissions: .{0,20}(?P<path4>/[^\s'\"]{1,300})"
)
_TLS = lazy(
    r"(?i)client sent an HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port"
    r"|first record does not look like a TLS handshake|SSL_do_handshake\(\) failed.*http request"
    r"|http: TLS handshake error from .*(?:client sent an HTTP request|first record)"
)
_LOGIN = lazy(
    r"(?i)password authentication failed|access denied for user|authentication failed"
    r"|invalid (?:api[ _-]?key|credentials|password|token)|WRONGPASS|invalid username-password"
    r"|login failed|incorrect (?:api key|password)|bad credentials|ORA-01017"
)


def _special(line: str) -> Said | None:
    if _INOTIFY.search(line):
        return Said("inotify")
    open_key = _TOO_OPEN.search(line)
    if open_key:
        path = next(
            (each for name, each in open_key.groupdict().items() if name != "mode" and each), ""
        )
        return Said("keyTooOpen", path)
    for kind, pattern in _FORMS:
        if pattern.search(line):
            return Said(kind)
    return None


_RETURN = lazy(r"\$'\\r'|\^M|\\r['\u2019\"]?: |\r")
_NO_NEW = lazy(r"(?i)no new privileges|effective uid is not 0")
_FORMS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = (
    ("cannotFork", _FORK),
    ("heapFull", _HEAP),
    ("tooEarly", _EARLY),
    ("expired", _EXPIRED),
    ("notPidOne", _PID_ONE),
    ("tlsExpected", _TLS),
    ("noNewPrivileges", _NO_NEW),
    ("carriageReturn", _RETURN),
    ("authenticationFailed", _LOGIN),
)
_ROOT = lazy(
    r"(?i)\b(?:you )?must be (?:run (?:as|by) )?root\b|\bare you root\b"
    r"|\b(?:requires|needs|need) root\b"
)
_SHELL_NOT_FOUND = lazy(r"(?:^|[:\s])(/\S{1,300}): (?:command )?not found$")
_NO_TOKEN_FILE = lazy(r"(?i)service token file does not exist|no service ?account token")
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - its path


def _vague(line: str) -> Said | None:
    shell = _SHELL_NOT_FOUND.search(line)
    if shell:
        return Said("noSuchFile", shell[1])
    if _NO_TOKEN_FILE.search(line):
        return Said("noSuchFile", _TOKEN)
    return Said("notPermitted", capability=capability(line)) if _ROOT.search(line) else None
