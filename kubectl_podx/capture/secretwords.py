"""Words that follow `token:` or `secret:` in messages of real programs, and are no secrets."""

from __future__ import annotations

from kubectl_podx.model.patterns import lazy


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# Letters that a pattern without regard to case takes for `i`, `s` and `k`.
_LIKE_ASCII = {0x130: "i", 0x131: "i", 0x17F: "s", 0x212A: "k"}


def small(text: str) -> str:
    """In small letters, as patterns without regard to case see them: those take twice as long to
    compile.
    """
    return text.lower() if text.isascii() else text.translate(_LIKE_ASCII).lower()


# Passwords that people do choose: never taken for a word of a message after `password`.
POPULAR = words("""
access admin administrator backup changeme client database default demo example guest hello key
letmein local login manager master monitor oracle pass password postgres private public root
sample secret server service super system temp test test1 tester testing token user welcome
""")

# What a program says of a value in its place: `password=invalid`, `token=expired`.
STATES = words("""
absent accepted bad blank changed correct denied disabled empty enabled error exists expired fail
failed failure found good incorrect invalid malformed mandatory mismatch missing no none not null
ok optional present provided read rejected removed renewed required revoked rotated set unchanged
unknown unset updated used valid verified wrong yes
""")

# What stands for a value that is not there or was hidden already.
NOTHING = words("""
<hidden> censored empty false filtered hidden masked missing n/a na nil no none null off omitted
on optional placeholder redacted removed required sanitized secret-redacted true undefined unset
value_redacted yes
""")

WORDS = STATES | words("""
a able abort aborted about above accept accepts access accessing according account accounts acme
acquire across action active actual adal add added adding additional address adjacent admin
admission aead aes256 aesgcm affinity after again against age agent alert algorithm alias all
allow allowed alpha alphanumeric already also alternatives always am ambassador ambiguous amqp an
and annotation anonymous another answer answered answers any anyof anything anyway api apiserver
app appear appeared appears append application apply approle appropriate apr april arbitrary are
aren args argument arguments arn array as asked asks asn1 assertion assign assigned assume at
attach attached attempt attempts attribute aud audience audit aug august auth authenticate
authenticated authenticating authentication authenticator author authority authorization authorize
authorized authorizer auto automatic available avoid aware aws awskms azure azurekeyvault back
backend backoff backup bad badly banned base base32 base64 basic bcrypt be bearer because become
been before begin beginning begins begun behavior behind being belong below best beta between
beyond big binary bind binding bit blacklisted blob block blocked body bool boolean boot bootstrap
both bottom bound boundary branch break bring brings broken broker brought browser bucket buffer
build built bundle but by byte bytes ca cache cached calico call called caller calling came
campaign can cancel canceled cancelled cannot cant capacity carries carry cases caught caused
center cert certificate certificates cgroup chain chainlength challenge change changes changing
channel char character characters charset check checked checking checks checksum children choices
choose chunk cilium cipher ciphers ciphertext citadel claim claims class clean cleaned cleanup
clear cleared client clients clock close closed closes closing cloud cluster cm code cold color
com come comes command commands common compact compare complete completed component components
compressed compromised conditional conditions conf config configmap configmaps configuration
configure configured conflict conflicts connect connected connecting connection connections
consistent constraint constraints consul consumer contain container containerd contains content
contents context continue control controller convert cookie cookies copied copy cordoned coredns
corner correctly could couldn couldnt count counter cr crd crds create created creating creation
creator credential credentials crictl crio critical crl cronjob cross crt crypto csi csrf current
currently custom cut cuts daemonset data database date datetime day days db dead deadline debug
dec december decimal decipher decode decoded decoder decoding decrypt decrypted decrypting
decryption decryptor deep default defaulted defaults deferred define defined defines definition
degree delay delete deleted deleting delivered delta denial denies deny denying depends deploy
deployment deprecated depth derive derived desc describe detach detail details detected determine
devices dex dial dialing did didn didnt differ different digest digit digits directly directory
disable disallow disallowed disallows discarded disconnected disk dispatch divide dns do docker
docs document documentation does doesn doesnt domain done double down download drain drained
draining driver drop dropped drops dsa due duplicate duplicates duration during dynamic eacces
each earlier early ecdsa echo econnrefused econnreset ed25519 edge edges effects eight either ek
eks elected element eleven else email emit emptydir enable enclave encode encoded encoding encrypt
encrypted encryption end ended endpoint endpoints ends enforced engine enoent enospc enough ensure
enter entirely entity entries entropy entry env envelope environment envoy eof eperm epipe equal
equivalent err errors es256 escape establish established etag etc etcd etcdctl etcdserver
etimedout even event events ever every everybody everyone evicted exactly exceed exceeded exceeds
except exception exceptions exchange exchanged exec executable execute executing exhaust exhausted
exhausts exist existing exit exited exp expand expect expected expects experimental expiration
expire expires expiring expiry explicit explicitly export exported expression extension external
extra extract extras factory fails fallback false family far fast fatal feb february fernet fetch
fetched fetcher fetching field fields fifth file filename files fill filter filters find
fingerprint finished finite fips first five fixed flag flags flannel flattened float flow flush
folder follow follower following follows for forbidden forbidding forbids force forget form format
former forward forwarded four fourth frame free fresh fri friday from front frozen fsgroup full
fully func function functions future gamma gatekeeper gateway gave gcp generate generated
generating generation generator generic get gets getting git github gitlab given gives gke go goes
going gone good google got gpg grant granted great greater grew ground group groups grow grows
grpc guess guessable had half handle handler handlers handshake hard has hash hashed hashes
hashing hasn have haven having he header headers health held helm her here hers hidden high higher
him hint his history hit hits hmac hmacs hold holds host hostname hostpath hot hour hours how
however hpa hs256 hsm html http http2 httponly https hub human hundred iam iat id identifiers
identity idle ids if ignore ignored ignoring illegal image images immutable implicit import
imported in inactive incomplete inconsistent independent index indicate indicators indices
infinite info inform informer ingress init initial initialize initialized inject injected injector
input insecure insert inside install installed instance instead insufficient int integer integers
interface internal interval into introspect introspection invalidate invalidated io ioerror ip
ipv4 ipv6 is isn isnt iss issue issued issuer issues issuing istio istiod it item iterate its
itself jan january java job jobs json jti jul july jun june just jwe jwk jwks jws jwt kafka keep
keeps kept kerberos key keycloak keyerror keyring keys keystore keytool keyusage keyword kid kind
kindly kms knew know known knows kong kube kubeadm kubeconfig kubectl kubelet kubernetes kwargs
kyverno label lack lacking lacks large larger last late later latest layer ldap lead leader
leadership leaked leaking lease least leave leaves leeway left legacy length less let lets letter
letters level libraries library lifetime like likely limit limited limits line lines link linkerd
links list listed listen listener listing lists load loaded loader loading local locate location
lock locked lockedout lockout log logged logger login logout logs long longer look looks lookup
loop lost low lower lowercase machine made magic mail main major majority make malformed manager
manifest manual many map mapping mar march mark marked marshal match matched matches matching max
maxage maximum may maybe me means meant mechanism media member members memory message messages
metadata method mfa middle middleware might million min mine minimum minor minute minutes mirror
mixed mode model models modified modify module mon monday mongodb monitor more most mount mounted
mounting move moved msal mtls much multi multiple multiply must mustnot mutating mutatingwebhook
mutually my myself mysql naive name named names namespace namespaces nats nbf near necessary need
needed needs negotiate neither nested network never new newer next nginx nil nine nobody node
nodes non nonce nonexistent noop nor normal note notfound nothing notice noticed nov november now
ns ntlm null nullpointerexception number numbers numeric oauth oauth2 object objects obtain
obtained obtaining occurred ocsp oct octet october of off offline offset oidc okta old older
omitted on once one oneof only opa opaque open opened openid opening opens openssl operation
operations operator option options or order org origin original other others otherwise otp our
ours out outdated output outside over overflow overlap overridden overwritten owned owner package
padded padding page pair pairs panic param parameter parameters parent parse parsed parser parsing
part partial pass passed passes passing passphrase password passwords past patch path pathlen
pause payload pdb peer pem pending per perform perhaps period permission permissions permitted
persisted pgp pick picked picks pilot ping pipe pkce pkcs1 pkcs11 pkcs12 pkcs8 pki place plain
plaintext plan platform please plugin pod pods point pointer points policies policy pool port
positive possible post postgres power pre preempted prefer prefix prepare prevent previous
principal print private probably probe probes problem process processed processes processing
product profile progress project prompt proper properly properties property protected protocol
provide provider provides proxies proxy prune ps256 public publish pull pulling punc purpose push
put puts pvc qps quarter query question questions queue quorum quota quote quotes rabbitmq raise
raises random range ranges rate rather raw rbac reach reached read reader reading readonly reads
ready real realm rear reason reasons rebuild receive received receiving recent recognized
reconcile reconciled reconciler record recursive redirect redirects redis reduced ref refer
reference referenced references refers refresh refreshed refreshing refuse refused regenerated
region register registered registration registry rego regular reject rejecting related relational
release releases reload reloaded reloading remaining remote remotely removal remove removing
rename render renew renewal renewals renewing repeated replace replaced replay replica replicas
replicaset replied replies reply report repository represent request requested requests requeue
requirement requirements requires reserved reset resolve resolver resource resources responder
response rest restart restarted restarts restore restored result results resumes retried retries
retrieve retrieved retrieving retry retry-after return returned returning returns reuse reused
revision revocation revoke right rights ring role roles rolled rollout root rotate rotating
rotation round route row rows rpc rs rs256 rsa rule rules run runc running runtime runtimeerror rw
s3 sa safe said same samesite saml sample san sanitized sasl sat saturday save saved saving say
says scan scheduled schema scheme scope scopes scram script scripts sealed sealing search second
seconds secret secrets section secure security see seed seek seem seems seen select self send
sending sent sentinel sep separate separator september sequence serial serialized series server
service serviceaccount serviceaccounts session sessions setting setup seven several sha1 sha256
sha384 sha512 shallow share shared she shell short short-lived shortly should shouldn shouldnt
show showed shows shut shutdown side sidecar sidecars sign signal signature signatures signed
signer signers signing sigstore silent similar simple since single sink sites six size skip
skipped skipping slash sleep slice slow small smtp snapshot so socket soft some somebody someone
something soon sorry sort source space speak speaks spec special specific specified specifies
specify spiffe spire split spnego sql ssh sshd ssl sso stack stage stale standard stapled start
started starting state statefulset states static status stay stays step still stolen stop stopped
storage store stored storing stream streams strict string strings strip strong struct structure
sts sub subject submit subnet subset succeeded success successful successfully such suffix suite
suites sum summary sun sunday supplied support supported supports sure svc switched symbol sync
synced syncing syntax system systems table tag tags taint tainted take taken takes taking target
task tcp team tell template temporary ten tenant terminal terminate terminated test text than
thanks that the their theirs them then there these they think third this those though thought
thousand thread three threshold throttled through thu thumbprint thursday thus ticket tickets time
timed timeout timeouterror timeouts times timestamp tip tips tls tls10 tls11 tls12 tls13 to token
tokens told toleration too tool tools top topic total totp tpm trace traceback traefik transaction
transfer transport traverse tried trigger triggered truncate trust trusted trustees truth try
trying ttl tue tuesday tuple turn turned twelve twice two type typeerror types udp uid unable
unassigned unauthenticated unauthorized unavailable unbound unchanged undecodable undecryptable
undefined under unencrypted unexpected union unique unit units unix unlikely unlock unlocked
unmarshal unmount unneeded unpack unparsable unparseable unreachable unreadable unrecognized
unreferenced unregistered unsafe unschedulable unseal unsealed unset unsigned unspecified
unsuccessful unsupported until untrusted unused unverified unwrap unwrapped up update updating
upgrade upload upper uppercase upstream uri url urls us usage use user username users uses using
utf8 uuid valid validate validated validates validating validatingwebhook validation validator
value valueerror values variable variables vault verification verifier verify verifying version
versions via view violates violation volume volumemount volumes voter vpc wait waiting want warn
warning warnings was wasn watch watcher watching way we weak webauthn webhook webhookconfiguration
webhooks wed wednesday week well went were what when whenever where wherever whether which while
whitelisted whitespace who whoami whoever whole whose why wide width wildcard will window windows
with within without won wont word words work worker works would wrap wrapped wrapper write writer
writes writing written wss x509 xml yaml year yesterday yet yield you your yours zero zone
""")

_ENDINGS = lazy(
    r"(?:[^e]ed|ing|tion|sion|able|ible|ment|ness|less|ized|ised|ility|ality|ally|ence|ance|ured"
    r"|ated|ative|ously|fully|ately|ution)$"
)

_PARTS = lazy(r"[\s_/.,:|-]+")
_CAMEL = lazy(r"(?<=[a-z])(?=[A-Z])")
_LETTERS = lazy(r"[A-Za-z']+")


def is_word(word: str, *, endings: bool = True) -> bool:
    """Whether it is a word of messages: of the list, or with the ending of an English word."""
    lower = word.lower()
    if lower in WORDS:
        return True
    return bool(
        endings and 6 <= len(word) <= 24 and _LETTERS.fullmatch(word) and _ENDINGS.search(lower)
    )


def all_words(text: str, *, endings: bool = True) -> bool:
    """`expired`, `insufficient_scope`, `access-denied`, `PermissionDenied`, `not found`."""
    if len(text) > 200:
        return False
    parts = [part.strip("'") for part in _PARTS.split(text.strip("\"'`().!?")) if part]
    if not parts:
        return False
    return all(
        is_word(part, endings=endings)
        or all(is_word(each, endings=endings) for each in _CAMEL.split(part))
        for part in parts
    )
