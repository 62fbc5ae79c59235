"""Why a file isn't taken."""

from __future__ import annotations

from services.kernel.errors import Invalid, TooLarge


class FileTooLarge(TooLarge):
    """More bytes than a file may have; ``mebibytes`` are what it may."""

    code = "file_too_large"


class FileEmpty(Invalid):
    """Nothing was chosen, or the file has no content."""

    code = "file_empty"


class FileTypeNotAccepted(Invalid):
    """By its content it is none of the kinds that are taken."""

    code = "file_type_not_accepted"


class FileEncrypted(Invalid):
    """A PDF with a password."""

    code = "file_encrypted"


class FileActiveContent(Invalid):
    """A PDF that does something by itself; ``found`` says what."""

    code = "file_active_content"


class FileUnreadable(Invalid):
    """Damaged, cut off, or beyond what reading it may take; ``kind`` as its content began."""

    code = "file_unreadable"


class FileTooManyPages(Invalid):
    """A PDF with more than ``pages`` pages."""

    code = "file_too_many_pages"


class ImageTooLarge(Invalid):
    """More pixels than a picture may have; ``kind`` as its content began."""

    code = "image_too_large"
