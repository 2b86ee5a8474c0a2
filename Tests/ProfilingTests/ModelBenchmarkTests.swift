import Costs
import NumericTypes
import Profiling
import Testing
import VenturiTesting

@Suite("Model benchmark")
struct ModelBenchmarkTests {
  /// A machine whose limits are those of the anchor measurements.
  private var machine: Ceilings {
    get throws {
      func summary(_ value: Double) throws -> Summary { try #require(Summary([value])) }
      return Ceilings(
        threads: 2,
        chains: [.f32: try summary(197), .int8: try summary(372), .int4: try summary(560), .int16: try summary(215)],
        read: try summary(27.6), bestRead: try summary(39), bestReadPattern: .init(streams: 4, prefetch: 512))
    }
  }

  private func inventory(_ dtype: DType, fileBytes: Int) -> WeightInventory {
    WeightInventory(
      weights: [
        .init(name: "token_embd.weight", dtype: .q8_0, rank: 2, count: 49152 * 576, bytes: 30_081_024),
        .init(name: "blk.0.attn_q.weight", dtype: dtype, rank: 2, count: 106_168_320, bytes: 66_355_200),
        .init(name: "output_norm.weight", dtype: .f32, rank: 1, count: 576, bytes: 2304),
      ], fileBytes: fileBytes, cacheBytesPerToken: 2 * 30 * 3 * 64 * 2)
  }

  @Test(arguments: [
    (DType.q4_1, 98_400_000, 2637.0, 280.0, 190.0), (.q8_0, 144_800_000, 1752, 190, 144),
    (.f16, 270_900_000, 928, 102, 87),
  ])
  func ceilingsAreTheAnchors(_ dtype: DType, _ bytes: Int, _ prefill: Double, _ decode: Double, _ deep: Double) throws {
    let ceilings = ModelCeilings(machine: try machine, inventory: inventory(dtype, fileBytes: bytes))
    #expect(abs(ceilings.prefill / prefill - 1) < 0.01)
    #expect(abs(ceilings.decode(depth: 0) / decode - 1) < 0.01)
    #expect(abs(ceilings.decode(depth: 2048) / deep - 1) < 0.01)
    #expect(ceilings.decodeBest(depth: 0) > ceilings.decode(depth: 0))
  }

  @Test func measuredCeilingsBecomeADevice() throws {
    let device = try machine.device(name: "This machine", memoryBytes: 8 << 30, date: "2026-11-26")
    #expect(device.compute[.f32]?.value == 197e9 && device.compute[.int8]?.value == 372e9)
    #expect(device.compute[.bf16] == nil && device.bandwidth.value == 39e9 && device.memory.value == Double(8 << 30))
    #expect(device.bandwidth.source == "venturi doctor --measure, 2 threads" && device.bandwidth.date == "2026-11-26")
    var catalogue = DeviceCatalogue.published
    catalogue.add(CataloguedDevice(device, aliases: ["host"]))
    #expect(try catalogue.device("HOST") == device)
  }

  @Test func anOutputLayerOfItsOwnSparesTheEmbedding() {
    var weights = inventory(.q4_0, fileBytes: 200_000_000)
    #expect(weights.isTied && weights.decodeBytes == 200_000_000)
    weights.weights.append(.init(name: "output.weight", dtype: .q6_K, rank: 2, count: 49152 * 576, bytes: 23_000_000))
    #expect(!weights.isTied && weights.decodeBytes == 200_000_000 - 30_081_024)
    #expect(weights.prefillMatrices.map(\.name) == ["blk.0.attn_q.weight"])
  }

  @Test func testsAreNamedAsInLlamaBench() {
    let tests = ModelTest.tests(prompts: [64, 512], generations: [128, 0], depths: [0, 2048])
    #expect(tests.map(\.name) == ["pp64", "pp512", "tg128", "pp64 @ d2048", "pp512 @ d2048", "tg128 @ d2048"])
  }

  @Test func theStoreGoesOnWhereItWas() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/deep/store.json"
    let first = try CellStore(path: path)
    #expect(try first.cell("a") { ["ratio": 1.5] } == ["ratio": 1.5])
    let second = try CellStore(path: path)
    #expect(second.count == 1)
    #expect(try second.cell("a") { throw CancellationError() } == ["ratio": 1.5])
    #expect(throws: CancellationError.self) { try second.cell("b") { throw CancellationError() } }
    #expect(try CellStore(path: path).count == 1)
  }

  @Test(arguments: ["", "{}", "{\"format\":\"venturi-bench-1\"}", "[1", "{\"format\":\"other\",\"cells\":{}}"])
  func aDamagedStoreIsNamed(_ content: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/store.json"
    try writeFileAtomically(path, Array(content.utf8))
    #expect(throws: ProfilingError.self) { try CellStore(path: path) }
  }
}
