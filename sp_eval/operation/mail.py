"""Messages by e-mail, where a mail server is set; a failing one is told and fails nothing."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import SMTP

from sp_eval.settings import Mail

__all__ = ["MailNotSentError", "send"]

_TIMEOUT_SECONDS = 20


class MailNotSentError(Exception):
    """The mail server took no message; the text is one sentence."""


def send(mail: Mail, messages: Sequence[tuple[str, str]]) -> int:
    """Send messages (subject, text) through the server as set, in order; return how many it took.

    Raises
    ------
    MailNotSentError : a setting is wrong, or the server took none. What it took is not told as an
        error, so that nothing is sent twice.
    """
    sent = 0
    try:
        with _connected(mail) as server:
            for subject, text in messages:
                server.send_message(_message(mail, subject, text))
                sent += 1
    except (OSError, smtplib.SMTPException, ValueError) as error:
        if not sent:
            raise MailNotSentError(_in_words(mail, error)) from None
    return sent


def _connected(mail: Mail) -> smtplib.SMTP:
    if not mail.sender or not mail.to:
        raise ValueError("set SP_EVAL_SMTP_FROM and SP_EVAL_SMTP_TO")
    if not mail.port.isdecimal():
        raise ValueError("SP_EVAL_SMTP_PORT is not a number")
    server = smtplib.SMTP(mail.host, int(mail.port), timeout=_TIMEOUT_SECONDS)
    with ExitStack() as if_refused:
        if_refused.callback(server.close)
        if mail.is_encrypted:
            server.starttls(context=ssl.create_default_context())
        if mail.user and mail.password_file:
            server.login(mail.user, mail.password_file.read_text(encoding="utf-8").strip())
        if_refused.pop_all()
    return server


def _message(mail: Mail, subject: str, text: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(mail.to), subject
    message.set_content(text)
    return message


def _in_words(mail: Mail, error: Exception) -> str:
    """Why, without what the server answered: it may repeat addresses."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        why = "it refused the user or the password; look at SP_EVAL_SMTP_USER and _PASSWORD_FILE"
    elif isinstance(error, smtplib.SMTPNotSupportedError):
        why = "it does not offer what was asked; is SP_EVAL_SMTP_STARTTLS=no meant?"
    elif isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused):
        why = "it refused the sender or a receiver; look at SP_EVAL_SMTP_FROM and _TO"
    elif isinstance(error, ssl.SSLError):
        why = "its certificate cannot be trusted; ask IT, or set SP_EVAL_SMTP_STARTTLS=no"
    elif isinstance(error, smtplib.SMTPException):
        why = "it broke off"
    elif isinstance(error, OSError):
        told = error.strerror or "it did not answer"
        at = f" ({error.filename})" if error.filename else ""
        why = f"{told[:1].lower()}{told[1:]}{at}; look at SP_EVAL_SMTP_HOST and _PORT"
    else:
        why = str(error)
    return f"No e-mail could be sent through {mail.host}: {why}. It is tried again at each run."
