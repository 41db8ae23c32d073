"""The PowerShell shell that the psrp connection opens: a runspace pool with pipelines, by psrpcore."""

import base64
import threading
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

import psrpcore
from psrpcore.types import HostMethodIdentifier, PSString

from lab.windows.execution import Output, Run
from lab.windows.wsman import Chunk

_RSP = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
_PWSH = "{http://schemas.microsoft.com/powershell}"
_CHUNK = 300_000


@dataclass
class _Pipeline:
    server: psrpcore.ServerPipeline
    script: str = ""
    received: list[str] = field(default_factory=list)
    answer: bytearray = field(default_factory=bytearray)
    output: Output | None = None
    finished: threading.Event = field(default_factory=threading.Event)


class PsrpShell:
    """A runspace pool on one machine; every pipeline is one script with the lines that are sent to it."""

    def __init__(self, run: Run, creation: ET.Element) -> None:
        self._run = run
        self._pool = psrpcore.ServerRunspacePool()
        self._pipelines: dict[uuid.UUID, _Pipeline] = {}
        self._pool_answer = bytearray()
        self._accept(base64.b64decode(creation.findtext(f"{_PWSH}creationXml", "")), None)

    def command(self, request: ET.Element, *, no_input: bool) -> str:  # noqa: ARG002  (the pipeline says it itself)
        command_id = request.get("CommandId") or str(uuid.uuid4())
        fragment = base64.b64decode(request.findtext(f"{_RSP}Arguments", ""))
        pipeline_id = uuid.UUID(command_id)
        self._pipelines[pipeline_id] = _Pipeline(psrpcore.ServerPipeline(self._pool, pipeline_id))
        self._accept(fragment, pipeline_id)
        return command_id.upper()

    def send(self, command: str | None, data: bytes, *, end: bool) -> None:  # noqa: ARG002  (PSRP marks its own end)
        self._accept(data, uuid.UUID(command) if command else None)

    def receive(self, command: str | None, seconds: float) -> Chunk | None:
        if command is None:
            data, self._pool_answer = bytes(self._pool_answer), bytearray()
            return Chunk([("stdout", data)]) if data else None
        pipeline = self._pipelines[uuid.UUID(command)]
        if not pipeline.finished.wait(seconds):
            return None
        data, pipeline.answer = bytes(pipeline.answer[:_CHUNK]), pipeline.answer[_CHUNK:]
        return Chunk([("stdout", data)], done=not pipeline.answer)

    def signal(self, command: str) -> None:
        done = self._pipelines.pop(uuid.UUID(command), None)
        if done and done.output and done.output.afterwards:
            done.output.afterwards()

    def close(self) -> None:
        for command in list(self._pipelines):
            self.signal(str(command))

    def _accept(self, data: bytes, pipeline_id: uuid.UUID | None) -> None:
        self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline_id))
        while (event := self._pool.next_event()) is not None:
            if isinstance(event, psrpcore.CreatePipelineEvent):
                self._create(event)
            elif isinstance(event, psrpcore.PipelineInputEvent):
                self._pipelines[event.pipeline_id].received.append(str(event.data))
            elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
                self._finish(self._pipelines[event.pipeline_id])
        self._collect(None, self._pool_answer)

    def _create(self, event: psrpcore.CreatePipelineEvent) -> None:
        metadata = event.pipeline
        pipeline = self._pipelines[event.pipeline_id]
        pipeline.script = "\n".join(command.command_text for command in metadata.commands)
        if metadata.no_input:
            self._finish(pipeline)

    def _finish(self, pipeline: _Pipeline) -> None:
        stdin = "\n".join(pipeline.received)
        pipeline.received.clear()
        output = pipeline.output = self._run(pipeline.script, stdin)
        server = pipeline.server
        server.start()
        if output.hangs:
            return
        for line in output.lines:
            server.write_output(PSString(line))
        for line in output.errors:
            server.host_call(HostMethodIdentifier.WriteErrorLine, [line])
        if output.code:
            server.host_call(HostMethodIdentifier.SetShouldExit, [output.code])
        server.complete()
        self._collect(server.pipeline_id, pipeline.answer)
        pipeline.finished.set()

    def _collect(self, pipeline_id: uuid.UUID | None, into: bytearray) -> None:
        while (payload := self._pool.data_to_send(_CHUNK)) is not None:
            if payload.pipeline_id == pipeline_id:
                into += payload.data
            elif payload.pipeline_id in self._pipelines:
                self._pipelines[payload.pipeline_id].answer += payload.data
