import ArgumentParser
import Client
import Command
import Inference
import Load
import Models
import NumericTypes
import Profiling
import ServeCommand
import Tensors
import Testing
import VenturiTesting

@Suite("Arguments")
struct ArgumentTests {
  @Test func llamaNamesMeanTheSame() throws {
    let arguments = [
      "run", "-m", "x.gguf", "-p", "hi", "-n", "-1", "-c", "1024", "-t", "3", "-b", "64", "-s", "-1", "--temp", "0.1",
      "--top-k", "5", "--top-p", "0.9", "--min-p", "0.1", "--repeat-penalty", "1.1", "--repeat-last-n", "-1",
      "-l", "15+2.5", "-l", "16-inf", "-r", "end", "-sys", "be brief", "--logprobs", "3",
    ]
    let run = try #require(try VenturiCommand.parseAsRoot(arguments) as? Run)
    let options = try run.generation.options(logprobs: run.logprobs)
    #expect(options.maxTokens == nil && options.temperature == 0.1 && options.topK == 5 && options.topP == 0.9)
    #expect(options.minP == 0.1 && options.repeatPenalty == 1.1 && options.penaltyWindow == -1 && options.seed == nil)
    #expect(options.logitBias == [15: 2.5, 16: -.infinity] && options.stop == ["end"])
    #expect(options.logProbabilities == 3 && options.tokenEvents)
    #expect(run.model.loading.threads == 3 && run.generation.batch.size == 64 && run.generation.contextLength == 1024)
    #expect(run.generation.systemPrompt == "be brief" && run.prompt.prompt == "hi" && run.model.model == "x.gguf")
  }

  @Test(arguments: [
    ["run", "--max-tokens", "0", "hi"], ["run", "--temp", "warm", "hi"], ["run", "--unknown"], ["run", "a", "b"],
    ["run", "--seed", "-2", "hi"], ["bench", "model", "-t", "0"], ["bench", "model", "-p", "0", "-n", "0"],
    ["bench", "attention", "--heads", "9", "--kv-heads", "2"], ["bench", "gemm", "-m", "x"], ["eval", "perplexity"],
    ["rm"], ["pull"], ["bench", "model", "--pairs", "0"], ["run", "--memory-limit", "lots", "hi"], ["nonsense"],
    ["run", "-l", "12", "hi"], ["bench", "model", "-t", "1,,2"], ["eval", "kl", "--file", "x", "--windows", "0"],
  ])
  func wrongUsageIsRefused(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try VenturiCommand.parseAsRoot(arguments) }
  }

  /// Numbers with a sign are values, to be refused as such by whoever takes them, and no options.
  @Test func signedNumbersAreValues() throws {
    let arguments = [
      "run", "--temp", "-1", "--top-k", "-2", "--top-p", "-3", "--min-p", "-4", "--repeat-penalty", "-5", "-t", "-6",
      "--lookup", "-7", "hi",
    ]
    let run = try #require(try VenturiCommand.parseAsRoot(arguments) as? Run)
    let flags = run.generation
    #expect(flags.temperature == -1 && flags.topK == -2 && flags.topP == -3 && flags.minP == -4)
    #expect(
      flags.repeatPenalty == -5 && run.model.loading.threads == -6 && flags.lookup == -7 && run.prompt.words == "hi")
  }

  @Test func mistypedVerbs() {
    let verbs = ["run", "rm", "chat", "show"]
    #expect(NearestWord.of("runn", among: verbs) == "run" && NearestWord.of("chta", among: verbs) == "chat")
    #expect(NearestWord.of("nonsense", among: verbs) == nil && NearestWord.of("x", among: verbs) == nil)
    #expect(NearestWord.distance("kitten", "sitting") == 3 && NearestWord.distance("", "ab") == 2)
  }

  @Test func lists() {
    #expect(CountList(argument: "1,2,64-66")?.values == [1, 2, 64, 65, 66])
    for wrong in ["", "a", "1-", "-1", "3-1", "1,", "1-999999"] {
      #expect(CountList(argument: wrong) == nil, "\(wrong)")
    }
  }

  @Test func sizes() {
    #expect(ByteCount(argument: "512")?.bytes == 512)
    #expect(ByteCount(argument: "2G")?.bytes == 2 << 30)
    #expect(ByteCount(argument: "3k")?.bytes == 3072)
    for wrong in ["", "G", "-1", "0", "9999999999T", "1.5G"] { #expect(ByteCount(argument: wrong) == nil, "\(wrong)") }
  }

  @Test func errorsHaveTheirCodes() {
    func status(_ error: any Error) -> Command.ExitStatus { CommandFailure(error).status }
    #expect(status(CancellationError()) == .interrupted)
    #expect(status(ValidationError("x")) == .usage && CommandFailure(ValidationError("x")).message == "x")
    #expect(status(ModelError.unknownArchitecture("x")) == .badModel)
    #expect(status(ModelError.doesNotFit(neededBytes: 2, availableBytes: 1)) == .unavailable)
    #expect(status(InferenceError.invalidOption(field: "topK", value: "-1", problem: "")) == .usage)
    #expect(status(InferenceError.modelNotFound(name: "x", searched: [])) == .unavailable)
    #expect(status(InferenceError.overloaded(running: 1, queued: 1, queueLimit: 1)) == .overloaded)
    #expect(status(InferenceError.contextExceeded(promptTokens: 2, contextLength: 1)) == .failure)
    #expect(status(TensorError.cannotMap(path: "/x", code: 2)) == .unavailable)
    #expect(status(TensorError.cannotMap(path: "/", code: 21)) == .badModel)
    #expect(status(ProfilingError.peerAbsent(name: "x", hint: "")) == .unavailable)
    #expect(status(CommandFailure(status: .overloaded, kind: "x", message: "y")) == .overloaded)
    let bad = CommandFailure(ModelError.unknownArchitecture("x")).naming("a.gguf")
    #expect(bad.message.hasPrefix("a.gguf: ") && bad.naming("a.gguf") == bad)
    #expect(CommandFailure(CancellationError()).naming("a.gguf").message == "interrupted")
    let object = CommandFailure(ModelError.unknownArchitecture("x")).json["error"]
    #expect(object?["code"]?.int == 65 && object?["type"]?.text == "bad_model" && object?["message"]?.text != nil)
  }

  @Test func aNoteCommandsNoTerminal() {
    let shown = Output.printable("a\u{1B}[31m\u{7}\u{9B}\r\u{7F}\tb é 🜄\n")
    #expect(shown == "a\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\tb é 🜄\n")
  }

  @Test func siblingsAreFoundBesideTheProgramFirst() throws {
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder()
    let beside = try folder.script("venturi-serve", "exit 0\n")
    let onPath = try other.script("venturi-cluster", "exit 0\n")
    _ = try other.script("venturi-serve", "exit 0\n")
    #expect(Siblings.locate("serve", beside: folder.path + "/venturi", path: other.path) == beside)
    #expect(Siblings.locate("cluster", beside: folder.path + "/venturi", path: other.path) == onPath)
    #expect(Siblings.locate("atlas", beside: folder.path + "/venturi", path: other.path) == nil)
    #expect(Siblings.isName("serve") && !Siblings.isName("../serve") && !Siblings.isName("-x") && !Siblings.isName(""))
  }

  @Test func verbsThatOnlySomeCallsHandOn() {
    func words(_ call: String) -> [String]? {
      Siblings.exception(call.split(separator: " ").map(String.init)).map { [$0.sibling] + $0.arguments }
    }
    #expect(words("bench serve --rate 2") == ["serve", "bench", "serve", "--rate", "2"])
    #expect(words("chat --server http://x -n 3") == ["serve", "client", "chat", "--server", "http://x", "-n", "3"])
    #expect(words("run hi --server=http://x") == ["serve", "client", "run", "hi", "--server=http://x"])
    #expect(words("pull hf:a/b") == ["hub", "pull", "hf:a/b"])
    for own in [
      "bench model", "bench", "chat", "run hi", "run -- --server", "run --servers x", "pull smollm2", "serve",
    ] {
      #expect(words(own) == nil, "\(own)")
    }
  }

  @Test func loads() throws {
    let call = [
      "bench", "serve", "--clients", "1,4,8", "-p", "64-128", "-n", "lognormal:100:0.5:10-400", "--slo", "ttft=1s",
      "-t", "2",
      "--against", "llama.cpp", "--pairs", "7", "-np", "8", "-c", "512", "--seed", "3", "--resume", "x",
    ]
    let bench = try #require(try ClientProgram.parseAsRoot(call) as? BenchServe)
    #expect(bench.load.clients?.values == [1, 4, 8] && bench.load.prompts == .uniform(64...128))
    #expect(bench.load.outputs == .logNormal(median: 100, sigma: 0.5, range: 10...400) && bench.load.seed == 3)
    #expect(bench.pairs == 7 && bench.parallel == 8 && bench.contextSize == 512 && bench.threads == 2)
  }

  @Test(arguments: [
    "--clients 0", "--clients 1 --rate 2", "--rate 2", "--rate x --requests 2", "--trace a --clients 1", "-p 0",
    "-p 5-2", "-n x",
    "--shared-prefix -1", "--shared-prefix 100 -p 103", "--timeout 0", "--timeout nan", "--warm-up -1", "--pairs 0",
    "--against x", "--against llama.cpp --server http://x", "--server http://x -t 2", "--server http://x -np 2",
    "--resume x", "-t 0",
    "-np 0", "-c 0", "--seed -1",
  ])
  func loadsThatMakeNoSense(_ words: String) {
    #expect(throws: (any Error).self) {
      try ClientProgram.parseAsRoot(["bench", "serve"] + words.split(separator: " ").map(String.init))
    }
  }

  @Test func errorsOfServersHaveTheirCodes() {
    func status(_ error: any Error) -> Command.ExitStatus { CommandFailure(error).status }
    #expect(status(ClientError.invalidAddress("x", problem: "y")) == .usage)
    #expect(status(ClientError.cannotConnect(address: "x", problem: "y")) == .unavailable)
    #expect(status(ClientError.refused(status: 401, code: nil, message: "no")) == .unavailable)
    #expect(status(ClientError.refused(status: 429, code: nil, message: "busy")) == .overloaded)
    #expect(status(ClientError.refused(status: 400, code: nil, message: "what")) == .failure)
    #expect(CommandFailure(ClientError.streamCut).kind == "stream_cut")
    #expect(status(LoadError.invalidTrace(line: 3, problem: "x")) == .usage)
    #expect(status(LoadError.serverFailed(name: "x", problem: "y")) == .unavailable)
  }

  @Test func figuresForPeople() {
    #expect(Human.bytes(98_362_432) == "98.4 MB" && Human.bytes(12) == "12 B" && Human.bytes(1000) == "1.0 kB")
    #expect(Human.fixed(1.005, 2) == "1.00" || Human.fixed(1.005, 2) == "1.01")
    #expect(Human.fixed(-0.004, 2) == "0.00" && Human.fixed(12.5, 0) == "13" && Human.fixed(3.07, 2) == "3.07")
    #expect(Human.table([["a", "1"], ["bbb", "22"]], numeric: [1]) == "a     1\nbbb  22")
  }
}
