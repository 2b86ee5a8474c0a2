import NumericTypes
import Tensors
import Testing
import Training
import VenturiTesting

@Suite("An optimizer's state on the disk")
struct StateFileTests {
  private static func groups(_ context: Context, _ dtype: DType, _ rule: any UpdateRule) -> [ParameterGroup] {
    var random = Random(seed: 3)
    let parameters = [Shape([40, 33]), [5000], [], [1, 3]].enumerated().map { index, shape in
      Parameter("p\(index)", context.cast(context.tensor(random.floats(shape.count), shape), to: dtype))
    }
    return [ParameterGroup("all", parameters, rule: rule)]
  }

  private static func gradients(_ step: Int, _ context: Context) -> [String: Tensor] {
    var random = Random(seed: 5, stream: UInt64(step))
    return Dictionary(
      uniqueKeysWithValues: [Shape([40, 33]), [5000], [], [1, 3]].enumerated().map { index, shape in
        ("p\(index)", context.tensor(random.floats(shape.count), shape))
      })
  }

  private static func bits(_ tensor: Tensor) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: tensor.pointer, count: tensor.count * tensor.dtype.blockBytes))
  }

  @Test(
    "Steps are those of a state in memory, bit for bit",
    arguments: [("AdamW", DType.f32), ("schedule-free", .f32), ("AdamW", .bf16), ("Adagrad", .f32)])
  func same(_ name: String, _ dtype: DType) throws {
    let rules: [String: any UpdateRule] = [
      "AdamW": AdamW(weightDecay: 0.1), "schedule-free": ScheduleFreeAdamW(weightDecay: 0.1),
      "Adagrad": Adagrad(initialSum: 0.1),
    ]
    let rule = try #require(rules[name])
    let context = Context(threads: 2)
    let folder = try TemporaryFolder()
    let (inMemory, onDisk) = (Self.groups(context, dtype, rule), Self.groups(context, dtype, rule))
    let before = context.allocator.liveBytes
    let file = try StateFile(in: folder.path, bytes: StateFile.bytes(of: onDisk))
    let disk = try GroupOptimizer(onDisk, context: context, stateFile: file)
    #expect(context.allocator.liveBytes == before, "no state is in memory")
    let memory = try GroupOptimizer(inMemory, context: context)
    for step in 0..<4 {
      for optimizer in [memory, disk] { try optimizer.step(Self.gradients(step, context), rate: 0.01) }
    }
    for (a, b) in zip(memory.parameters, disk.parameters) { #expect(Self.bits(a.value) == Self.bits(b.value)) }
    #expect(memory.state.mapValues(Self.bits) == disk.state.mapValues(Self.bits))
    #expect(file.writtenBytes >= 4 * file.byteCount)
    // A saved state goes on here as anywhere.
    let third = Self.groups(context, dtype, rule)
    for (from, to) in zip(memory.parameters, third[0].parameters) {
      to.value.pointer.copyMemory(from: from.value.pointer, byteCount: Self.bits(from.value).count)
    }
    let other = try GroupOptimizer(
      third, context: context, stateFile: StateFile(in: folder.path, bytes: StateFile.bytes(of: third)))
    try other.load(memory.state)
    for optimizer in [memory, other] { try optimizer.step(Self.gradients(9, context), rate: 0.01) }
    for (a, b) in zip(memory.parameters, other.parameters) { #expect(Self.bits(a.value) == Self.bits(b.value)) }
  }

  @Test("A file that is too small, and a folder that is not there, are refused")
  func refused() throws {
    let context = Context(threads: 1)
    let groups = Self.groups(context, .f32, AdamW())
    let folder = try TemporaryFolder()
    let small = try StateFile(in: folder.path, bytes: 1)
    #expect(throws: OptimizerError.self) { try GroupOptimizer(groups, context: context, stateFile: small) }
    #expect(throws: CheckpointError.self) { try StateFile(in: "\(folder.path)/none", bytes: 1) }
  }
}
