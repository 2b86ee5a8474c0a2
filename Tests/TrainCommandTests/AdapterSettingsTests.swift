import ConfigurationFiles
import Console
import Formats
import Testing
import TrainCommand
import Training

@Suite("Settings of adapters") struct AdapterSettingsTests {
  private static let whole = """
    model: {kind: checkpoint, model: smollm2}
    peft: {method: lora, rank: 4, alpha: 8, targets: [q_proj, v_proj], dropout: 0.1, firstLayer: 3}
    data: {kind: text, pulled: bible-kjv, tokenizer: smollm2}
    optimizer: {kind: adamw, rate: 1e-3}
    batch: 2
    steps: 20
    """

  private func configuration(_ set: [String] = []) throws -> RunConfiguration {
    var json = try ConfigurationFile.parse(Self.whole, path: "run.yaml")
    for assignment in set { json = try json.setting(assignment) }
    return try RunConfiguration(json)
  }

  private func adapters(_ set: String...) throws -> [AdapterConfiguration] {
    try #require(try configuration(set).peft).adapters(steps: 20)
  }

  @Test("Every method is taken with its fields, alone and with others") func taken() throws {
    #expect(
      try adapters() == [
        AdapterConfiguration(.lora(rank: 4, alpha: 8, dropout: 0.1), targets: [.query, .value], firstBlock: 3)
      ])
    func expect(_ text: String, _ expected: AdapterConfiguration...) throws {
      #expect(try adapters("peft=\(text)") == expected, "\(text)")
    }
    let all = Set(LinearRole.allCases)
    try expect("{method: rslora}", AdapterConfiguration(.lora(rank: 8, alpha: 16, isStabilized: true), targets: all))
    try expect("{method: lora+}", AdapterConfiguration(.lora(rank: 8, alpha: 16, rateFactor: 16), targets: all))
    try expect("{method: dora, targets: all}", AdapterConfiguration(.dora(rank: 8, alpha: 16), targets: all))
    try expect("{method: dora-exact, rank: 2}", AdapterConfiguration(.dora(rank: 2, alpha: 4, isExact: true)))
    try expect("{method: vera}", AdapterConfiguration(.vera(rank: 256)))
    try expect("{method: ia3}", AdapterConfiguration(.ia3))
    try expect("{method: bitfit}", AdapterConfiguration(.bitFit))
    try expect("{method: fisher, share: 0.01}", AdapterConfiguration(.fisher(share: 0.01)))
    #expect(try configuration(["peft={method: fisher, examples: 7}"]).peft?.examples == 7)
    try expect("{method: ladder, width: 8, every: 2}", AdapterConfiguration(.ladder(width: 8, every: 2)))
    try expect("{method: ssf}", AdapterConfiguration(.ssf))
    try expect("{method: serial, width: 8}", AdapterConfiguration(.serial(width: 8)))
    try expect(
      "{method: parallel, after: attention}", AdapterConfiguration(.parallel(width: 32), sublayers: [.attention]))
    try expect("{method: prefix, count: 4, inner: 64}", AdapterConfiguration(.prefix(count: 4, inner: 64)))
    try expect(
      "[{method: prompt, count: 5}, {method: ia3}]", AdapterConfiguration(.prompt(count: 5)), AdapterConfiguration(.ia3)
    )
    #expect(try adapters("peft={method: mam, count: 3, width: 7}") == AdapterConfiguration.mam(prefix: 3, width: 7))
    let budget = AdaLoRABudget(rank: 6, finalRank: 4, steps: 20, warmUp: 2, final: 6, every: 10)
    try expect("{method: adalora, rank: 6, alpha: 6}", AdapterConfiguration(.adaLoRA(budget, alpha: 6)))
    #expect(try configuration(["peft={method: lora, base: nf4}"]).peft?.packsBase == true)
    #expect(try configuration(["peft={method: lora, base: nf4, loftq: 5}"]).peft?.loftQ == 5)
    #expect(try configuration(["peft="]).peft == nil)
  }

  @Test("A run is another with other adapters, another base, and where a budget falls with another length")
  func identity() throws {
    func options(_ set: [String] = [], base: String = "a", steps: Int = 20) throws -> JSON {
      try configuration(set).options(steps: steps, base: base).configuration
    }
    #expect(try options() == options() && options() != options(["peft.rank=5"]))
    #expect(try options() != options(base: "b") && options() == options(steps: 21))
    #expect(try options(["peft={method: adalora}"]) != options(["peft={method: adalora}"], steps: 21))
  }

  @Test(
    "What is wrong is told with its field and its value",
    arguments: [
      ("peft.method=lara", "did you mean 'lora'?"), ("peft.rank=0", "peft.rank is 0"),
      ("peft.targets=[x_proj]", "peft.targets is x_proj"), ("peft.nonsense=1", "there is no field 'peft.nonsense'"),
      ("peft=[]", "peft is []"), ("peft=[{method: ia3}, {method: ssf, rank: 2}]", "'peft[1].rank'"),
      ("peft={method: serial, after: nowhere}", "peft.after is nowhere"), ("peft.dropout=1", "peft.dropout is 1"),
      ("peft={method: lora, loftq: 5}", "peft.loftq is 5, expected 0 where base is not nf4"),
      ("peft={method: fisher, share: 2}", "peft.share is 2"),
      ("model={kind: gpt}", "model.kind is not checkpoint"), ("model={kind: checkpoint}", "'model.model' is missing"),
    ])
  func told(_ set: String, _ expected: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try configuration([set]) }
    #expect("\(error)".contains(expected), "\(error)")
    #expect(CommandFailure(error).status == .usage)
  }
}
