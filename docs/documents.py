"""What `workbench … --json` prints several times over, for the scripts beside this file."""

import json


def documents(stream):
    """The JSON documents of a stream, one after the other."""
    decoder, text, at = json.JSONDecoder(), stream.read(), 0
    while True:
        while text[at:at + 1].isspace():
            at += 1
        if at == len(text):
            return
        document, at = decoder.raw_decode(text, at)
        yield document
