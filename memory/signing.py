"""Signs into a file how it was made: content credentials by C2PA (https://spec.c2pa.org), version 2.

The certificate is our own, made on first use and kept in the data folder: it proves that this installation made the file
and that nobody changed it since, not who the person is. Other programs therefore show it as valid and *unrecognised*. The
key of the root is thrown away once it has signed the one certificate.

Signed are the tool, the method, models, seed and parents. The parameters stay out of the file: a prompt can hold what a
person would not hand on with the picture. What came in with credentials keeps them, as an ingredient.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock

from memory.errors import LogError
from memory.events import Provenance

SIGNABLE = frozenset({"image/png", "image/jpeg", "image/webp", "audio/wav", "video/mp4"})
LABEL = "org.rhapsode.provenance"
_YEARS = timedelta(days=3650)


class CannotSign(LogError):
    """The file could not be signed; it is unchanged."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file says of its making. ``state``: ``Trusted`` (this installation), ``Valid`` (unchanged), ``Invalid``."""

    state: str
    issuer: str
    provenance: dict[str, Any]
    ingredients: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parent:
    """A file that another was made from."""

    path: Path
    media: str
    title: str = ""


class Signing:
    """Signs with the certificate of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "signing.pem"

    def sign(
        self, path: Path, provenance: Provenance, media: str, *, title: str = "", parents: Sequence[Parent] = ()
    ) -> Path:
        """Write a signed copy beside a file.

        Args:
            path: the file; it stays as it is.
            provenance: how it was made.
            media: its media type.
            title: what people call it.
            parents: files it was made from; the first is what was edited, the others took part.

        Returns:
            The signed copy, or ``path`` where the format cannot carry credentials.

        Raises:
            CannotSign: the file is broken, or the certificate is.
        """
        if media not in SIGNABLE:
            return path
        import c2pa

        target = path.with_name(f"{path.name}.signed")
        if self.read(path, media) is not None:
            parents = [Parent(path, media, title), *parents]
        try:
            signer = c2pa.Signer.from_info(self._signer())
            with c2pa.Context(_settings(self._pem().root), signer) as context:
                builder = c2pa.Builder(json.dumps(_manifest(provenance, media, title)), context)
                _intend(builder, provenance, parents)
                target.unlink(missing_ok=True)
                with path.open("rb") as source, target.open("w+b") as copy:
                    builder.sign(media, source, copy)
        except c2pa.C2paError as error:
            target.unlink(missing_ok=True)
            raise CannotSign(f"{path.name} could not be signed ({error}); it is kept without credentials.") from error
        return target

    def read(self, path: Path, media: str) -> Credentials | None:
        """What a file says of its making and whether that still holds; None when it says nothing."""
        import c2pa

        try:
            with path.open("rb") as file, c2pa.Context(_settings(self._pem().root)) as context:
                reader = c2pa.Reader.try_create(media, file, context=context)
                if reader is None:
                    return None
                with reader:
                    return _credentials(reader)
        except c2pa.C2paError:
            return None

    def _pem(self) -> "_Pem":
        if not self._file.exists():
            with FileLock(f"{self._file}.lock"):
                if not self._file.exists():
                    _keep(self._file, _make())
        return _Pem.of(self._file.read_bytes())

    def _signer(self) -> Any:
        import c2pa

        pem = self._pem()
        return c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, pem.leaf + pem.root, pem.key, None)


def _settings(root: bytes) -> Any:
    import c2pa

    return c2pa.Settings.from_dict(
        {
            "version": 1,
            "builder": {"thumbnail": {"enabled": False}},
            "trust": {"user_anchors": root.decode()},
            "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
        }
    )


def _manifest(provenance: Provenance, media: str, title: str) -> dict[str, Any]:
    said = provenance.model_dump(mode="json", exclude={"params"}, exclude_none=True)
    return {
        "claim_generator_info": [{"name": "Rhapsode", "version": version("rhapsode")}],
        "title": title,
        "format": media,
        "assertions": [{"label": LABEL, "data": said}],
    }


def _intend(builder: Any, provenance: Provenance, parents: Sequence[Parent]) -> None:
    """Say whether it is new or an edit, and by what kind of means."""
    import c2pa

    if not parents:
        kinds = c2pa.C2paDigitalSourceType
        by_model = kinds.TRAINED_ALGORITHMIC_MEDIA if provenance.made_by else kinds.ALGORITHMIC_MEDIA
        builder.set_intent(c2pa.C2paBuilderIntent.CREATE, by_model)
        return
    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
    for number, parent in enumerate(parents):
        relation = "componentOf" if number else "parentOf"
        with parent.path.open("rb") as file:
            builder.add_ingredient({"title": parent.title, "relationship": relation}, parent.media, file)


def _credentials(reader: Any) -> Credentials:
    said = json.loads(reader.json())
    manifests = said["manifests"]
    active = manifests[said["active_manifest"]]
    ours = [one["data"] for one in active.get("assertions", ()) if one["label"] == LABEL]
    issuers = {label: one.get("signature_info", {}).get("issuer", "") for label, one in manifests.items()}
    failures = said.get("validation_results", {}).get("activeManifest", {}).get("failure", ())
    return Credentials(
        state=said.get("validation_state", "Invalid"),
        issuer=issuers.pop(said["active_manifest"]),
        provenance=ours[0] if ours else {},
        ingredients=tuple(sorted(issuers.values())),
        failures=tuple(failure["code"] for failure in failures),
    )


# --- the certificate --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pem:
    """Key, certificate and its root, kept in one file so that they are made and replaced together."""

    key: bytes
    leaf: bytes
    root: bytes

    @classmethod
    def of(cls, content: bytes) -> "_Pem":
        end = b"-----END CERTIFICATE-----\n"
        key, mark, rest = content.partition(b"-----BEGIN CERTIFICATE-----")
        leaf, closing, root = (mark + rest).partition(end)
        if not (mark and closing and root):
            raise CannotSign("signing.pem in the data folder is damaged. Remove it, and a new certificate is made.")
        return cls(key, leaf + closing, root)


def _keep(file: Path, content: bytes) -> None:
    temporary = file.with_name(f"{file.name}.part")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    temporary.rename(file)


def _make() -> bytes:
    """A root and one certificate under it, by the certificate profile of C2PA; self-signed ones are refused by readers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(common: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A Rhapsode installation")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    def usage(*, root: bool) -> x509.KeyUsage:
        plain = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            False,
        )  # fmt: skip
        return x509.KeyUsage(digital_signature=not root, key_cert_sign=root, crl_sign=root, **plain)

    def certificate(common: str, public: ec.EllipticCurvePublicKey, *, root: bool) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name(common))
            .issuer_name(name("Rhapsode root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + _YEARS)
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
            .add_extension(usage(root=root), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    root = certificate("Rhapsode root", root_key.public_key(), root=True).sign(root_key, hashes.SHA256())
    leaf = certificate("Rhapsode", key.public_key(), root=False).add_extension(mail, critical=False)
    leaf = leaf.add_extension(above, critical=False)
    signed = leaf.sign(root_key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + signed.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM)
