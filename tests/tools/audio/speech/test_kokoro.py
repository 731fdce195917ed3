"""The fragment that makes the durations an output is what a protobuf parser reads."""

from tools.audio.speech.kokoro import also_output


def fields(message: bytes) -> list[tuple[int, bytes | int]]:
    """A message's fields in order: varints below 128 and short length-delimited ones."""
    out: list[tuple[int, bytes | int]] = []
    at = 0
    while at < len(message):
        number, wire = message[at] >> 3, message[at] & 7
        assert wire in (0, 2)
        if wire == 0:
            out.append((number, message[at + 1]))
            at += 2
        else:
            length = message[at + 1]
            out.append((number, message[at + 2 : at + 2 + length]))
            at += 2 + length
    return out


def test_a_float_tensor_is_named_as_an_output_of_the_graph() -> None:
    ((graph_field, graph),) = fields(also_output(b"/a/tensor"))
    assert graph_field == 7
    assert isinstance(graph, bytes)
    ((output_field, value),) = fields(graph)
    assert output_field == 12
    assert isinstance(value, bytes)
    (_, name), (type_field, kind) = fields(value)
    assert (name, type_field) == (b"/a/tensor", 2)
    assert isinstance(kind, bytes)
    ((tensor_field, tensor),) = fields(kind)
    assert tensor_field == 1
    assert isinstance(tensor, bytes)
    assert fields(tensor) == [(1, 1)]
