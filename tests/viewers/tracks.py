"""A trace for Perfetto, read with the official schema: no field that it does not know, slices that nest, flows that begin and
end, counters that are those of the story.

    python3 tracks.py APICSIM FOLDER
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from google.protobuf.unknown_fields import UnknownFieldSet
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

program, folder = sys.argv[1:]


def unknown(message):
    found = len(UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            found += sum(map(unknown, value)) if hasattr(value, "__len__") and not hasattr(value, "ListFields") else unknown(value)
    return found


def read(name, *options):
    path = Path(folder) / f"{name}.pftrace"
    subprocess.run([program, "run", name, *options, "--trace", str(path)], stdout=subprocess.DEVNULL)
    trace = Trace()
    trace.ParseFromString(path.read_bytes())
    assert unknown(trace) == 0, name
    return trace


for name, options in [("nmi-stall", []), ("kdump", ["--arch", "i386/numaq"]), ("lost-call", ["--arch", "modern/x2apic-cluster"])]:
    trace = read(name, *options)
    tracks = {packet.track_descriptor.uuid: packet.track_descriptor for packet in trace.packet if packet.HasField("track_descriptor")}
    depth, begun, ended, last = defaultdict(int), set(), set(), defaultdict(int)
    for packet in trace.packet:
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        assert event.track_uuid in tracks, (name, event)
        if event.type in (TrackEvent.TYPE_SLICE_BEGIN, TrackEvent.TYPE_SLICE_END):
            assert packet.timestamp >= last[event.track_uuid], (name, packet)
            last[event.track_uuid] = packet.timestamp
            depth[event.track_uuid] += 1 if event.type == TrackEvent.TYPE_SLICE_BEGIN else -1
            assert depth[event.track_uuid] >= 0, (name, event)
        begun.update(event.flow_ids)
        ended.update(event.terminating_flow_ids)
    assert not any(depth.values()), (name, depth)
    assert ended and ended <= begun, (name, ended - begun)
    print(f"perfetto: {name}: {len(trace.packet)} packets, {len(tracks)} tracks, {len(ended)} flows that end in a handler")

# docs/stories.md: CPU 0's ICR is busy from 40.21 us on, for ever
counters = [
    (packet.timestamp, packet.track_event.counter_value)
    for packet in read("nmi-stall").packet
    if packet.HasField("track_event") and packet.track_event.type == TrackEvent.TYPE_COUNTER and packet.track_event.track_uuid == 0x30000
]
assert counters[-1] == (40_210, 1), counters
