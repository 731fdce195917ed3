"""Writes the golden log of the version under way: ``python tests/memory/golden/write.py``.

Run it while a version is in the making and a kind was added; after its release the file stays as it is.
"""

import asyncio
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory import tables
from memory.events import (
    AgentSaid,
    AssetSaved,
    Call,
    Cause,
    ContentErased,
    Draft,
    JobFailed,
    JobFinished,
    JobQueued,
    MadeBy,
    MemberJoined,
    MemberLeft,
    MemoryForgotten,
    MemoryKept,
    ModelAnswered,
    NotesMade,
    Provenance,
    QuestionAnswered,
    QuestionAsked,
    SessionChanged,
    TextWithheld,
    ToolAnswered,
    ToolCalled,
    TurnDone,
    TurnFailed,
    TurnWoken,
    UserSaid,
)
from memory.log import Command, Log

T0, T1, T2 = (f"turn_{number:026}" for number in (1, 2, 3))
J = [f"job_{number:026}" for number in (1, 2, 3)]
A, B = (f"asset_{number:026}" for number in (1, 2))
M = [f"memory_{number:026}" for number in (1, 2)]
when = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def d(fact: Any, by: Any, turn: str | None = None, **envelope: Any) -> Draft:
    return Draft(fact=fact, by=by, turn=turn, **envelope)


async def main() -> None:
    folder = tempfile.mkdtemp()
    now = [1_800_000_000.0]

    def clock() -> float:
        now[0] += 0.25
        return now[0]

    log = await Log.open(f"sqlite:///{folder}/a.db", clock=clock)
    s = (await log.make_session("ada", title="Castles 城堡", settings={"language": "zh"})).last.session

    async def ap(*drafts: Draft, **proof: Any) -> None:
        await log.append(s, drafts, **proof)

    await ap(
        d(MemberJoined(member="bob"), "user"),
        d(MemberJoined(member="eve"), "user"),
        d(MemberLeft(member="eve"), "user"),
    )
    prov = Provenance(tool="upload", method="upload")
    await ap(
        d(
            AssetSaved(
                asset=A,
                media="image/png",
                blob="a" * 64,
                size=3,
                name="photo.png",
                pixels="b" * 64,
                meta={"width": 4, "height": 3},
                provenance=prov,
            ),
            "user",
        )
    )
    await ap(d(UserSaid(text="Draw it 🐉", assets=(A,)), "user", T0), command=Command("bob", "c-1", {"name": "say"}))
    await log.take_turn("server", lease_s=999)
    call = Call(id="call-1", tool="draw_picture", args={"prompt": "a castle", "seed": 7})
    await ap(
        d(ModelAnswered(step=0, text="I will.", calls=(call,), model="tiny", raw={"role": "assistant"}), "agent", T0),
        d(ToolCalled(call="call-1", tool="draw_picture", args=call.args, job=J[0]), "agent", T0),
        d(JobQueued(job=J[0], call="call-1", tool="draw_picture", title="Draw a picture"), "engine", T0),
        d(ToolCalled(call="call-2", tool="send_mail", args={}, job=J[1], lane="light", external=True), "agent", T0),
        d(ToolCalled(call="call-3", tool="speak", args={}, job=J[2], parent_job=None, attempt_no=1), "agent", T0),
        d(ToolAnswered(call="call-1", text="It goes on.", status="running"), "engine", T0),
    )
    lease = await log.take_job("server", lanes=["heavy"], lease_s=999)
    assert lease is not None
    await log.lost(lease.fence, "killed by signal 9")
    lease = await log.take_job("server", lanes=["heavy"], lease_s=999)
    assert lease is not None
    made = Provenance(
        tool="draw_picture",
        method="diffusers",
        params=call.args,
        seed=7,
        made_by=(MadeBy(task="image", model="tiny", sha256="c" * 64, licence="MIT"),),
        parents=(A,),
        fallback="no upscaler",
    )
    await ap(
        d(AgentSaid(attempt=1, part=0, text="Soon.", model="tiny", memories=(M[0],)), "agent", T0),
        d(TextWithheld(part=1, reason="unsafe"), "engine", T0),
        d(TurnDone(jobs=(J[0],)), "agent", T0),
    )
    await ap(
        d(
            AssetSaved(asset=B, media="image/png", blob="d" * 64, size=9, name="castle.png", job=J[0], provenance=made),
            "tool",
            T0,
        ),
        d(JobFinished(job=J[0], text="A castle.", assets=(B,), seconds=1.5, data={"n": 1}), "tool", T0),
        fence=lease.fence,
    )
    await ap(d(JobFailed(job=J[1], error="No mail here.", fix="rhapsode mail", bug=False), "engine", T0))
    await log.cancel(s, "job", J[2])
    await ap(d(TurnWoken(job=J[0]), "engine", T1, cause=Cause(session=s, seq=await log.head(s))))
    await log.take_turn("server", lease_s=999)
    await ap(d(QuestionAsked(question="q-1", text="Which?", choices=("old", "new"), deadline=when), "agent", T1))
    await ap(d(QuestionAnswered(question="q-1", answer="old"), "user", T1))
    await ap(d(TurnFailed(error="The model is gone.", fix="rhapsode doctor"), "agent", T1))
    await ap(d(UserSaid(text="psst"), "user", T2, to=("ada",)))
    await log.cancel(s, "turn", T2)
    await ap(
        d(
            MemoryKept(
                memory=M[0],
                text="Ada's dragon is called Ida",
                scope_key="ada",
                sources=((s, 6),),
                valid_from=when,
                trust="person",
                importance=0.8,
            ),
            "agent",
        ),
        d(
            MemoryKept(
                memory=M[1], text="Ada's dragon is called Ivo", scope_key="ada", supersedes=(M[0],), valid_to=when
            ),
            "agent",
        ),
        d(MemoryForgotten(memory=M[1], reason="asked"), "user"),
        d(NotesMade(upto=20, text="They drew a castle."), "agent"),
        d(SessionChanged(title="Castles", settings={"a": [1, None]}), "user"),
        d(ContentErased(seqs=(3,), memories=(M[1],), assets=()), "user"),
    )
    rows = await log.read(
        lambda c: [dict(r) for r in c.execute(tables.events.select().order_by(tables.events.c.seq)).mappings()]
    )
    await log.close()
    out = Path(__file__).with_name("v0.1.0.jsonl")
    text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).replace(
        s, "session_00000000000000000000000001"
    )
    out.write_text(text)


if __name__ == "__main__":
    asyncio.run(main())
