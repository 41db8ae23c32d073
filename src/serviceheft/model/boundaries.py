"""Where an inventory ends: no placeholder left, no reference to another customer, no secret in plain text."""

import posixpath
import re
from collections.abc import Iterable

from serviceheft.model.fields import INVENTORY_PATH, VAULT_REFERENCE
from serviceheft.model.layout import Folder, customer_names
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.vault import VAULT_FILE, Secrets
from serviceheft.model.yamlfile import Document, Path_

#: What the template writes wherever a technician has to fill something in.
PLACEHOLDER = "CHANGE ME"
#: AnyDesk's own advice; with the password alone anybody is in.
SHORTEST_UNATTENDED = 12
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_OTHER_HOSTS = re.compile(r"\b(?:hostvars|groups)\b")


def check(folder: Folder, secrets: Secrets | None = None) -> list[Problem]:
    """Every text value that reaches beyond the inventory or is not filled in. Values are not repeated.

    `secrets`: the opened vault; None: whether it has what is referred to stays open.
    """
    others = [name for name in customer_names(folder.root.parent) if name != folder.name]
    foreign = [(name, re.compile(rf"(?:^|[/\\]){name}[/\\]|[/\\]{name}$")) for name in others]
    problems = []
    needs_vault = not folder.has_vault
    for document in folder.customer_documents():
        for path, text in document.strings():
            problem = _problem(folder, document, path, text, foreign)
            if problem is None and needs_vault and re.fullmatch(VAULT_REFERENCE, text):
                needs_vault = False
                file = f"{folder.label}/{VAULT_FILE}"
                advice = f"Create it: ansible-vault create --vault-id {folder.name}@prompt {file}."
                problem = document.problem(path, f"refers to the vault, but {VAULT_FILE} is missing", advice)
            if problem is None and secrets is not None and (name := referred_secret(text)):
                problem = _secret_problem(document, path, name, secrets)
            if problem is None and re.fullmatch(INVENTORY_PATH, text):
                problem = _certificate_problem(folder, document, path, text)
            if problem:
                problems.append(problem)
    return problems


def referred_secret(value: object) -> str | None:
    """ "vault_x" for "{{ vault_x }}"; None for everything else."""
    if isinstance(value, str) and re.fullmatch(VAULT_REFERENCE, value):
        return value.strip("{} ")
    return None


def referred_secrets(folder: Folder) -> list[str]:
    """Every variable of the vault that the inventory refers to."""
    texts = [text for document in folder.customer_documents() for _, text in document.strings()]
    return [name for text in texts if (name := referred_secret(text))]


def _secret_problem(document: Document, path: Path_, name: str, secrets: Secrets) -> Problem | None:
    """What is wrong with the secret that is referred to; its value is not shown."""
    if name not in secrets:
        near = did_you_mean(name, secrets).strip()
        advice = (
            near or f"Add it (ansible-vault edit), or refer to one of {', '.join(secrets) or 'none yet'}."
        )
        return document.problem(path, f"the vault has no {name!r}", advice)
    secret = secrets[name]
    if not secret.isprintable():
        advice = "Write it in one line (ansible-vault edit); what it is used for takes one line alone."
        return document.problem(path, f"{name!r} has line breaks or control characters", advice)
    if path[-1] != "remote_access_password":
        return None
    if not secret.isascii() or secret != secret.strip():
        advice = (
            "Nobody knows how AnyDesk reads others than ASCII: choose a password without ä, ö, ü, ß and €."
        )
        message = f"{name!r} cannot be sent to AnyDesk as it is"
        if secret.isascii():
            advice = "Choose a password that neither begins nor ends with a blank."
        return document.problem(path, message, advice)
    if len(secret) < SHORTEST_UNATTENDED:
        message = f"{name!r} has less than {SHORTEST_UNATTENDED} characters"
        return document.problem(
            path, message, "Whoever knows it has the whole computer: choose a longer one."
        )
    return None


def _certificate_problem(folder: Folder, document: Document, path: Path_, text: str) -> Problem | None:
    """Every file that an inventory can name is a CA certificate. The lab's are made when it is raised."""
    name = posixpath.normpath(text.partition("}}/")[2])
    if name.startswith("..") or name in folder.snapshot.refused:
        return None
    if name not in folder.snapshot.files:
        advice = f"Put the CA certificate there: {folder.label}/{name}."
        return document.problem(path, f"there is no file {name!r} in the inventory", advice)
    from cryptography.x509 import load_pem_x509_certificates  # only where one is named

    try:
        load_pem_x509_certificates(folder.snapshot.files[name])
    except ValueError:
        advice = "It begins with -----BEGIN CERTIFICATE-----; convert another form with openssl x509."
        return document.problem(path, f"{name!r} holds no certificate in PEM form", advice)
    return None


def without_consequences(refused: list[Problem], found: Iterable[Problem]) -> list[Problem]:
    """Both lists without what `found` says about a value that is refused altogether."""
    places = {(problem.file, problem.path) for problem in refused if problem.path}
    return refused + [problem for problem in found if (problem.file, problem.path) not in places]


def _problem(
    folder: Folder, document: Document, path: Path_, text: str, foreign: list[tuple[str, re.Pattern[str]]]
) -> Problem | None:
    if PLACEHOLDER in text:
        advice = "Write this customer's own value."
        return document.problem(path, "still holds the template's placeholder", advice)
    for name, pattern in foreign:
        if pattern.search(text):
            advice = "Keep a file of this customer's own: nothing is shared between customers."
            return document.problem(path, f"refers to the customer {name!r}", advice)
    if _PRIVATE_KEY.search(text):
        advice = "Put it into vault.yml (ansible-vault edit) and replace the key: it was in plain text."
        return document.problem(path, "a private key stands here in plain text", advice)
    if "{{" not in text and "{%" not in text:
        return None
    if _OTHER_HOSTS.search(text):
        return document.problem(path, "reads variables of other hosts", "Write the value itself.")
    if re.fullmatch(INVENTORY_PATH, text):
        inside = ".." not in text.split("/")
        in_lab = re.fullmatch(rf"\{{\{{ *inventory_dir *\}}\}}/\.\./\.\./var/lab/{folder.name}/[\w.-]+", text)
        if not inside and not in_lab:
            advice = 'Keep the file in files/ and write "{{ inventory_dir }}/files/...".'
            return document.problem(path, "leads out of the inventory", advice)
        return None
    if not re.fullmatch(VAULT_REFERENCE, text):
        advice = 'Only "{{ vault_... }}" for a secret and "{{ inventory_dir }}/..." for a file are possible.'
        return document.problem(path, "holds a variable or a template", advice)
    return None
