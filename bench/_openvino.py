"""The other engine, in an environment of its own: reads cases as JSON from stdin, prints seconds as JSON. Never imported."""

import json
import sys
import time
from typing import Any


def main() -> None:
    given = json.load(sys.stdin)
    import openvino_genai

    scheduler = openvino_genai.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.cache_size = 1
    began = time.monotonic()
    pipeline = openvino_genai.LLMPipeline(
        given["path"], "CPU", scheduler_config=scheduler, INFERENCE_NUM_THREADS=given["threads"]
    )
    results: dict[str, Any] = {"load_s": time.monotonic() - began}
    for case in given["cases"]:
        for text in (case["prime"], case["text"]):
            first: list[float] = []
            config = openvino_genai.GenerationConfig(max_new_tokens=case["tokens"], ignore_eos=True, do_sample=False)
            began = time.monotonic()

            def heard(_: str, began: float = began, first: list[float] = first) -> bool:
                first.append(time.monotonic() - began)
                return False

            pipeline.generate(text, config, heard)
            results[case["name"]] = {"first_s": first[0] if first else None, "total_s": time.monotonic() - began}
    sys.stdout.write(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
