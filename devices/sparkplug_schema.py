"""The protobuf schema of Eclipse Sparkplug B 3.0, built without generated code.

One row per field: number, name, type. Source: the specification's Sparkplug B Payload schema
(`org.eclipse.tahu.protobuf`, proto2). Extensions and metadata that say nothing about values are
left to protobuf's unknown fields.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "org.eclipse.tahu.protobuf"

_SCHEMA: dict[str, tuple[str, ...]] = {
    "PropertyValue": (
        "1 type uint32", "2 is_null bool", "3 int_value uint32", "4 long_value uint64",
        "5 float_value float", "6 double_value double", "7 boolean_value bool",
        "8 string_value string",
    ),
    "PropertySet": ("1 keys string*", "2 values PropertyValue*"),
    "Metric": (
        "1 name string", "2 alias uint64", "3 timestamp uint64", "4 datatype uint32",
        "5 is_historical bool", "6 is_transient bool", "7 is_null bool", "9 properties PropertySet",
        "10 int_value uint32", "11 long_value uint64", "12 float_value float",
        "13 double_value double", "14 boolean_value bool", "15 string_value string",
        "16 bytes_value bytes", "18 template_value Template",
    ),
    "Template": (
        "1 version string", "2 metrics Metric*", "4 template_ref string", "5 is_definition bool",
    ),
    "Payload": (
        "1 timestamp uint64", "2 metrics Metric*", "3 seq uint64", "4 uuid string", "5 body bytes",
    ),
}  # fmt: skip

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}


def _build() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="linli/sparkplug_b.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, rows in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for row in rows:
            number, label, kind = row.split()
            field = message.field.add(name=label, number=int(number))
            field.label = _FIELD.LABEL_REPEATED if kind[-1] == "*" else _FIELD.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = f".{_PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


Payload: Any = _build()
"""The message class; `Payload.FromString(bytes)`."""
