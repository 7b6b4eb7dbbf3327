"""Pictures that go to a platform with the report itself: within it, beside it, or just before."""

from base64 import b64encode
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from gateway.model import Evidence
from gateway.multipart import File, form_data
from gateway.pictures import Pictures, packed
from gateway.ports import Choked, Surroundings
from gateway.uplink import Uplink, settle

REMEMBERED = 1000
"""Uploaded pictures that are not uploaded again."""


class Enclosed(Pictures, frozen=True, forbid_unknown_fields=True):
    """How a platform gets the pictures themselves."""

    how: Literal["base64", "multipart", "upload"] = "base64"
    """`base64`: as `{images}`; `multipart`: as files beside the fields; `upload`: each by a request
    of its own before, and what that answers as `{images}`."""
    field: str = "file"
    """multipart and upload: the name of the part."""
    url: str = ""
    """upload: where to."""
    path: str = ""
    """upload: where in its JSON answer stands what it calls the picture, with dots."""

    def __post_init__(self) -> None:
        if (self.how == "upload") != bool(self.url and self.path):
            raise ValueError("pictures: `how: upload` needs `url` and `path`, the others neither")


class Enclosures:
    """Those of one platform, while it is connected."""

    def __init__(self, wanted: Enclosed, around: Surroundings, http: Uplink) -> None:
        self._wanted, self._around, self._http = wanted, around, http
        self._names: OrderedDict[str, str] = OrderedDict()
        """Name of a picture -> what the platform called it when it was uploaded."""

    @property
    def beside(self) -> bool:
        """The report becomes a multipart body that holds the files."""
        return self._wanted.how == "multipart"

    async def files(self, evidence: Sequence[Evidence]) -> list[File]:
        pictures = await packed(evidence, self._wanted, self._around)
        return [File(self._wanted.field, picture.name, picture.jpeg) for picture in pictures]

    async def images(self, files: Sequence[File]) -> list[str]:
        """What stands for the pictures in the report."""
        if self.beside:
            return []
        if self._wanted.how == "base64":
            return [b64encode(file.content).decode() for file in files]
        return [await self._uploaded(file) for file in files]

    async def _uploaded(self, file: File) -> str:
        if file.name not in self._names:
            body, kind = form_data({}, [file])
            headers = {"Content-Type": kind}
            answer = await self._http.request("POST", self._wanted.url, body, headers)
            settle(answer, self._around.clock.now())
            name = answer.text_at(self._wanted.path)
            if not name:
                raise Choked(f"no {self._wanted.path} in the answer to a picture: {answer}")
            self._names[file.name] = name
            while len(self._names) > REMEMBERED:
                self._names.popitem(last=False)
        return self._names[file.name]
