"""Words of files that people send."""

from __future__ import annotations

from collections.abc import Mapping

from services.kernel.words import ErrorMessage
from services.kernel.words import marked as _

_JPEG_FROM_IPHONE = _(
    "Es una foto HEIC de iPhone que no pudimos convertir. En el iPhone entra en Ajustes > Cámara >"
    " Formatos y elige «Más compatible»; toma la foto otra vez y envíala. O envía una captura de"
    " pantalla de la foto."
)

ERRORS: Mapping[str, ErrorMessage] = {
    "file_too_large": ErrorMessage(
        _("El archivo es demasiado grande"),
        _(
            "Puede medir hasta %(mebibytes)s MB. Toma una foto con menos resolución, o guarda el"
            " PDF con menos calidad, y súbelo otra vez."
        ),
        when={
            ("use", "compare"): _(
                "Puede medir hasta %(mebibytes)s MB. Escribe su huella SHA-256 en lugar de"
                " enviarlo: con ella se comprueba igual."
            ),
            ("use", "table"): _(
                "Puede medir hasta %(mebibytes)s MB. Pártelo y sube las partes una después de otra,"
                " cada una con los nombres de las columnas en el primer renglón."
            ),
        },
    ),
    "file_empty": ErrorMessage(
        _("No llegó ningún archivo"), _("Elige el archivo otra vez: llegó vacío o no lo elegiste.")
    ),
    "file_type_not_accepted": ErrorMessage(
        _("Ese tipo de archivo no se acepta"),
        _(
            "Sube un PDF o una foto JPEG o PNG. Miramos el contenido, no el nombre: cambiarle el"
            " nombre no basta. Si es un documento de Word, guárdalo como PDF."
        ),
    ),
    "file_encrypted": ErrorMessage(
        _("El PDF tiene contraseña"),
        _(
            "Quítale la contraseña y súbelo otra vez, o ábrelo y usa «Imprimir» > «Guardar como"
            " PDF». También sirve una foto de cada página."
        ),
    ),
    "file_active_content": ErrorMessage(
        _("El PDF contiene algo que se ejecuta"),
        _(
            "Por seguridad no aceptamos PDF con programas, formularios dinámicos, videos o archivos"
            " adjuntos. Ábrelo, usa «Imprimir» > «Guardar como PDF» y sube el nuevo."
        ),
        when={
            ("found", "script"): _(
                "Por seguridad no aceptamos PDF con programas (JavaScript). Ábrelo, usa «Imprimir»"
                " > «Guardar como PDF» y sube el nuevo."
            ),
            ("found", "action"): _(
                "Por seguridad no aceptamos PDF que abren programas o envían datos por sí solos."
                " Ábrelo, usa «Imprimir» > «Guardar como PDF» y sube el nuevo."
            ),
            ("found", "attachment"): _(
                "El PDF lleva otros archivos adjuntos. Sube cada archivo por separado, o usa"
                " «Imprimir» > «Guardar como PDF» y sube el nuevo."
            ),
            ("found", "form"): _(
                "El PDF es un formulario dinámico (XFA). Llénalo, usa «Imprimir» > «Guardar como"
                " PDF» y sube el nuevo."
            ),
            ("found", "media"): _(
                "El PDF lleva video o sonido. Usa «Imprimir» > «Guardar como PDF» y sube el"
                " nuevo, o sube una foto."
            ),
        },
    ),
    "file_unreadable": ErrorMessage(
        _("No pudimos abrir el archivo"),
        _(
            "Parece dañado o incompleto. Ábrelo en tu teléfono o computadora para ver si está bien,"
            " o toma una foto nueva, y súbelo otra vez."
        ),
        when={("kind", "heic"): _JPEG_FROM_IPHONE},
    ),
    "file_too_many_pages": ErrorMessage(
        _("El PDF tiene demasiadas páginas"),
        _("Puede tener hasta %(pages)s páginas. Sube solo las del documento que se pide."),
    ),
    "image_too_large": ErrorMessage(
        _("La imagen es demasiado grande"),
        _(
            "Tiene demasiados puntos. Toma la foto o escanea con menos resolución, y súbela otra"
            " vez."
        ),
        when={("kind", "heic"): _JPEG_FROM_IPHONE},
    ),
}
