import Costs
import Planner
import Testing

@Suite("Long contexts") struct LongContextAnalysisTests {
  private let device: Device
  private let model: LongContextModel

  init() throws {
    device = try DeviceCatalogue.published.device("A100")
    model = try LongContextPrediction.yi34B()
  }

  @Test("The formulas by hand: Yi-34B on an A100")
  func byHand() throws {
    let analysis = try LongContextAnalysis(model, on: device, memory: 80 * 0x1p30)
    let state = 2.0 * 60 * 8 * 128 * 2 * 50_000
    #expect(try analysis.keyValueBytes(50_000) == state)
    #expect(try analysis.users(50_000) == 1)
    #expect(try analysis.users(4000) == 18)
    #expect(try LongContextAnalysis(model, on: device).users(4000) == 12)
    #expect(try LongContextAnalysis(model, on: device).users(50_000) == 0)
    let flops: Double = 50_000 * 2 * 34e9 + 2 * 60 * 7168 * 2.5e9
    #expect(abs(try analysis.prefillSeconds(50_000) - flops / 312e12) < 1e-9)
    #expect(abs(try analysis.stepSeconds(50_000) - (68e9 + state) / 2039e9) < 1e-12)
    #expect(try analysis.switchSeconds(50_000) == 2 * state / 20e9)
    #expect(abs(analysis.criticalBatch - 312e12 * 2 / (2 * 2039e9)) < 1e-9)
    // Above the critical batch arithmetic is the longer.
    let flopsOf400: Double = 400 * (2 * 34e9 + 4 * 60 * 7168 * 10)
    #expect(abs(try analysis.stepSeconds(10, users: 400) - flopsOf400 / 312e12) < 1e-9)
  }

  @Test("Causal products counted pair by pair")
  func causalCount() throws {
    let small = try LongContextModel(name: "m", parameters: 1000, layers: 3, width: 8, kvHeads: 1, headDim: 4)
    let context = 2000
    let analysis = try LongContextAnalysis(small, on: device)
    // Each query's dot products and sums over what it may see, itself among that.
    let pairs = (1...context).reduce(0) { $0 + $1 }
    let counted = 2.0 * 1000 * Double(context) + 4 * 3 * 8 * Double(pairs)
    #expect(abs(try analysis.prefillOperations(context) / counted - 1) < 0.001)
    let full = try LongContextAnalysis(small, on: device, count: .full).prefillOperations(context)
    let paper = try LongContextAnalysis(small, on: device, count: .paper).prefillOperations(context)
    let weights = 2.0 * 1000 * Double(context)
    #expect(full - weights == 4 * (paper - weights))
  }

  @Test("Each compression improves its own metrics, and the effects multiply")
  func compression() throws {
    let plain = try LongContextAnalysis(model, on: device)
    func with(_ compression: KeyValueCompression) throws -> LongContextAnalysis {
      try LongContextAnalysis(model, on: device, compression: compression)
    }
    let bytes = try plain.keyValueBytes(100_000)
    #expect(try with(KeyValueCompression(bits: 4)).keyValueBytes(100_000) == bytes / 4)
    #expect(try with(KeyValueCompression(kvHeads: 1)).keyValueBytes(100_000) == bytes / 8)
    let all = try with(
      KeyValueCompression(
        layersKept: 0.5, prefillSkipsLayers: true, kvHeads: 2, tokensKept: 0.1, bits: 8, widthKept: 0.5))
    #expect(abs(try all.keyValueBytes(100_000) / bytes - 0.5 * 0.25 * 0.1 * 0.5 * 0.5) < 1e-15)
    // Only leaving layers out shortens the prefill.
    #expect(try all.prefillSeconds(9000) == plain.prefillSeconds(9000) / 2)
    let tokens = try with(KeyValueCompression(tokensKept: 0.1))
    #expect(try tokens.prefillSeconds(9000) == plain.prefillSeconds(9000))
    #expect(try tokens.stepSeconds(100_000) < plain.stepSeconds(100_000))
    #expect(try tokens.switchSeconds(100_000) < plain.switchSeconds(100_000))
    #expect(try tokens.users(4000) > plain.users(4000))
  }

  @Test("Tensor parallelism: more users, shorter steps; experts: all weights in memory, few in the arithmetic")
  func whatIf() throws {
    let four = try LongContextAnalysis(model, on: device, devices: 4)
    let one = try LongContextAnalysis(model, on: device)
    #expect(try four.prefillSeconds(4000) == one.prefillSeconds(4000) / 4)
    #expect(try four.users(4000) > 4 * one.users(4000))
    let experts = try LongContextModel(
      name: "experts", parameters: 34e9, activeParameters: 8e9, layers: 60, width: 7168, kvHeads: 8, headDim: 128)
    let mixture = try LongContextAnalysis(experts, on: device)
    #expect(try mixture.users(4000) == one.users(4000))
    #expect(try mixture.prefillSeconds(4000) < one.prefillSeconds(4000))
  }

  @Test("What cannot be is refused by name")
  func refusals() throws {
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: DeviceCatalogue.published.device("L4")) }
    let analysis = try LongContextAnalysis(model, on: device)
    for context in [0, -1, Int.min, Int.max] {
      #expect(throws: PlannerError.self) { try analysis.keyValueBytes(context) }
      #expect(throws: PlannerError.self) { try analysis.users(context) }
    }
    for part in [0, -1, 1.5, Double.nan] {
      #expect(throws: PlannerError.self) { try KeyValueCompression(tokensKept: part) }
      #expect(throws: PlannerError.self) { try KeyValueCompression(layersKept: part) }
    }
    #expect(throws: PlannerError.self) { try KeyValueCompression(bits: 0) }
    #expect(throws: PlannerError.self) {
      try LongContextAnalysis(model, on: device, compression: KeyValueCompression(kvHeads: 9))
    }
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: device, devices: 0) }
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: device, hostLink: 0) }
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: device, memory: .infinity) }
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: device, reserve: .nan) }
    #expect(throws: PlannerError.self) {
      try LongContextModel(
        name: "", parameters: 1e9, activeParameters: 2e9, layers: 1, width: 1, kvHeads: 1, headDim: 1)
    }
    #expect(throws: PlannerError.self) { try LongContextAnalysis(model, on: device, precision: .fp8) }
  }

  @Test("The published figures are within the sheet's bounds")
  func published() throws {
    let predictions = try LongContextPrediction.predictions()
    #expect(predictions.count == 9)
    for prediction in predictions { #expect(prediction.met, "\(prediction)") }
    #expect(predictions.count(where: \.isEvidence) == 6)
  }
}
