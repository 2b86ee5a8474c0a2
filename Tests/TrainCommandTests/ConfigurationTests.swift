import ConfigurationFiles
import Console
import Formats
import Testing
import TrainCommand
import Training

@Suite("Configurations of runs") struct ConfigurationTests {
  private static let whole = """
    # a run
    model: {kind: mlp, hidden: [64, 32], activation: gelu}
    data:
      kind: fashion-mnist
      limit: 100
    optimizer: {kind: sgd, rate: 1e-1, momentum: 0.9, weightDecay: 0.0001}
    schedule: {kind: cosine, warmUp: 10, floor: 0.001}
    batch: 16
    accumulate: 2
    clip: 1
    seed: 7
    epochs: 2.5
    average: {decay: 0.99}
    evaluate: {every: 20, metric: accuracy, patience: 3}
    checkpoint: {every: 50, keep: 2}
    log: {every: 5}
    """

  private func configuration(_ text: String, _ set: [String] = []) throws -> RunConfiguration {
    var json = try ConfigurationFile.parse(text, path: "run.yaml")
    for assignment in set { json = try json.setting(assignment) }
    return try RunConfiguration(json)
  }

  @Test("Every field of a file is taken, and --set counts over it") func taken() throws {
    let run = try configuration(Self.whole)
    #expect(run.batch == 16 && run.accumulate == 2 && run.clip == 1 && run.seed == 7 && run.keep == 2)
    #expect(run.length == .epochs(2.5) && run.evaluateEvery == 20 && run.checkpointEvery == 50 && run.logEvery == 5)
    #expect(run.watch == TrainerOptions.Watch("accuracy", rises: true, patience: 3))
    #expect(run.average == .exponential(decay: 0.99, warmsUp: false) && run.optimizer.rate == 0.1)
    #expect(run.model.kind == .mlp(hidden: [64, 32], activation: .gelu, dropout: 0))
    #expect(run.schedule.kind == .cosine && run.schedule.warmUp == 10 && run.schedule.floor == 0.001)
    // 100 elements are seven batches, of which two make a step.
    #expect(try run.steps(elements: 100) == 9)
    let changed = try configuration(
      Self.whole,
      ["model.hidden=[8]", "epochs=", "steps=30", "optimizer.rate=0.5", "average.kind=equal", "average.decay="])
    #expect(changed.length == .steps(30) && changed.optimizer.rate == 0.5)
    #expect(changed.model.kind == .mlp(hidden: [8], activation: .gelu, dropout: 0))
  }

  @Test("Sampled rows and 4-bit products are taken and checked") func products() throws {
    let plain = try configuration(Self.whole)
    #expect(plain.products == .plain)
    let sampled = try configuration(
      Self.whole, ["wtaCRS={ratio: 0.1, cache: samples, estimator: column-row, exactLayers: layers.0}"])
    #expect(
      sampled.products
        == .sampled(
          WTACRSOptions(ratio: 0.1, estimator: .columnRow, cache: .samples, exactLayers: ["layers.0"])))
    let rounded = try configuration(
      Self.whole,
      ["fp4={scale: e4m3, tensorScale: true, hadamard: {block: 16, forward: false}, estimator: {kind: spline}}"])
    #expect(
      rounded.products
        == .fp4(
          FP4Recipe(
            .nvfp4, gradients: .stochastic, turned: [.inputGradient, .weightGradient], hadamardBlock: 16,
            gradient: FP4Gradient(.spline))))
    // Another way of multiplying is another run.
    #expect(sampled.options(steps: 1).configuration != plain.options(steps: 1).configuration)
    for wrong in [
      "wtaCRS={ratio: 0}", "wtaCRS={ratio: 2}", "wtaCRS={cache: disk}", "wtaCRS={rows: 3}", "fp4={scale: e5m2}",
      "fp4={block: 24}", "fp4={scale: e8m0, tensorScale: true}", "fp4={hadamard: {block: 12}}",
      "fp4={estimator: {kind: power, exponent: 0.5}}", "fp4={outliers: 0.5}", "fp4=3",
    ] {
      #expect(throws: ConfigurationError.self, "\(wrong)") { try configuration(Self.whole, [wrong]) }
    }
    #expect(throws: ConfigurationError.self) { try configuration(Self.whole, ["fp4={}", "wtaCRS={}"]) }
  }

  @Test("A rule without backpropagation is taken, with its stack of layers; others are refused by name") func rules()
    throws
  {
    let text = """
      model: {kind: stack, convolutions: [8, 16], hidden: 32, threshold: 0.5, goodness: mean, prediction: sum}
      rule: ff
      data: {kind: digits, validation: 0.25}
      optimizer: {rate: 0.01}
      batch: 8
      steps: 3
      """
    let run = try configuration(text)
    #expect(run.rule == .forwardForward)
    #expect(
      run.model.kind
        == .stack(
          .init(
            convolutions: [8, 16], hidden: [32], activation: .relu, threshold: 0.5, goodness: .mean, prediction: .sum)))
    #expect(try configuration(Self.whole).rule == .backpropagation)
    #expect(try configuration(text, ["rule=mf"]).options(steps: 3).configuration != run.options(steps: 3).configuration)
    for (set, field) in [
      ("rule=hebb", "rule"), ("model.threshold=0", "model.threshold"), ("model.prediction=first", "model.prediction"),
      ("data.validation=2", "data.validation"),
    ] {
      #expect { try configuration(text, [set]) } throws: { "\($0)".hasPrefix("\(field) is") }
    }
    for kind in ["iris", "wine", "breast-cancer", "digits-28", "mnist1d"] {
      _ = try configuration(text, ["data.kind=\(kind)"])
    }
  }

  @Test("What makes a run is told from how long it is") func identity() throws {
    let run = try configuration(Self.whole)
    func options(_ set: [String]) throws -> JSON { try configuration(Self.whole, set).options(steps: 10).configuration }
    #expect(try options([]) == options(["checkpoint.every=7", "log.every=1", "evaluate.every=3"]))
    #expect(try options([]) != options(["optimizer.rate=0.2"]) && options([]) != options(["data.limit=99"]))
    // The rates of a cosine depend on the number of steps, those of a constant rate do not.
    #expect(run.options(steps: 10).configuration != run.options(steps: 11).configuration)
    let constant = try configuration(Self.whole, ["schedule={kind: constant}"])
    #expect(constant.options(steps: 10).configuration == constant.options(steps: 11).configuration)
  }

  @Test(
    "What is wrong is told with its field and its value",
    arguments: [
      (["batch="], "the field 'batch' is missing"), (["batch=0"], "batch is 0, expected a whole number from 1 to"),
      (["batch=many"], "batch is \"many\""), (["batch=1.5"], "batch is 1.5"),
      (["optimizer.rate=-1"], "optimizer.rate is -1"), (["optimizer.rate=.nan"], "optimizer.rate is \".nan\""),
      (["optimizer.kind=adamv"], "did you mean 'adam'?"),
      (["model.kind=vgg"], "one of mlp, stack, resnet18, gpt, lstm, checkpoint"),
      (["model.hiden=3"], "there is no field 'model.hiden'; did you mean 'model.hidden'?"),
      (["optimizer.nonsense=3"], "there is no field 'optimizer.nonsense'; known are optimizer.kind"),
      (["evalute.every=3"], "there is no field 'evalute'; did you mean 'evaluate'?"),
      (["steps=3"], "epochs is 2.5, expected nothing where there are steps"),
      (["epochs="], "the field 'steps, or epochs,' is missing"),
      (["model=mlp"], "model is \"mlp\", expected a section"),
      (["batch.size=3"], "a field of a section before 'size'"), (["=3"], "--set is '=3'"),
      (["batch"], "--set is 'batch'"),
      (["a..b=3"], "names with dots"), (["optimizer.momentum=2"], "optimizer.momentum is 2"),
      (["optimizer.momentum=1"], "SGD.momentum is 1.0"), (["data.kind=text"], "the field 'data.path' is missing"),
      (["data.path=[1]"], "data.path is [1]"), (["schedule.kind=cosin"], "did you mean 'cosine'?"),
      (["batch=", "bach=8"], "is 'bach' meant to be it?"), (["seed=-1"], "seed is -1"),
      (["evaluate.mirrored=true"], "evaluate.mirrored is true, expected false where model.kind is not resnet18"),
      (["model.hidden=[1, x]"], "model.hidden is [1,\"x\"]"), (["batch=99999999999999999999"], "batch is 1e+20"),
    ])
  func told(_ set: [String], _ expected: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration(Self.whole, set) }
    #expect("\(error)".contains(expected), "\(error)")
    #expect(CommandFailure(error).status == .usage)
  }

  @Test("YAML that is none, or too much, is refused") func hostile() throws {
    func refused(_ text: String, _ expected: String) {
      let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile.parse(text, path: "run.yaml") }
      #expect(
        error.map { "\($0)".hasPrefix("run.yaml: ") && "\($0)".contains(expected) } == true,
        "\(String(describing: error))")
    }
    refused("a: [1, 2", "line")
    refused("a: 1\na: 2", "twice: a")
    refused("a: *b", "undefined alias")
    refused("[a]: 1", "no word")
    refused("a: [" + String(repeating: "1,", count: 20_000) + "1]", "more than 10000 values")
    refused(String(repeating: "[", count: 100_000), "nesting level")
    refused(String(repeating: "- ", count: 100_000) + "1", "nesting level")
    // Each line stands for ten of the one before: a thousand million values.
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 3).joined(separator: ", ")
      bomb += "a\(level): &a\(level) [\(aliases)]\n"
    }
    refused(bomb, "more than 10000 values")
    refused("a: &a 1\nb: [" + String(repeating: "*a, ", count: 40) + "*a]", "references")
    #expect(throws: ConfigurationError.self) { try RunConfiguration(ConfigurationFile.parse("[1]", path: "")) }
    #expect(try ConfigurationFile.parse("", path: "") == .object([]))
  }

  @Test("Words and numbers are those of YAML 1.2") func words() throws {
    let json = try ConfigurationFile.parse(
      "{a: 1e-3, b: no, c: 'true', d: true, e: ~, f: 010, g: -.5, h: nan, i: \"3\", j: 1_000, k: 0x10}", path: "")
    #expect(
      json == [
        "a": .number(1e-3), "b": "no", "c": "true", "d": true, "e": .null, "f": 10, "g": .number(-0.5), "h": "nan",
        "i": "3", "j": "1_000", "k": "0x10",
      ])
  }

  @Test("Rates rise to the peak and fall to the floor", arguments: ScheduleSettings.Kind.allCases)
  func rates(_ kind: ScheduleSettings.Kind) throws {
    let json = try ConfigurationFile.parse("{kind: \(kind.rawValue)}", path: "")
    let settings = try ScheduleSettings(ConfigurationFields(json, path: "schedule"))
    for steps in [1, 2, 100] {
      let schedule = try settings.schedule(peak: 0.3, steps: steps)
      let rates = (0..<steps).map(schedule.rate)
      #expect(rates.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 0.3 + 1e-12 }, "\(rates.prefix(4))")
    }
  }
}
