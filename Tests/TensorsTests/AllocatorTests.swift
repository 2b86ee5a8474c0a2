import NumericTypes
import Tensors
import Testing

@Suite struct AllocatorTests {
  @Test func sizeClassesHoldAndWasteLittle() {
    var cases = 0
    for bytes in Array(0...5000) + [1 << 20, (1 << 20) + 1, (1 << 33) - 1] {
      let size = Allocator.sizeClass(bytes)
      #expect(size >= bytes && size >= 256)
      let most = max(256, bytes + bytes / 4 + 1)
      #expect(size <= most)
      #expect(Allocator.sizeClass(size) == size)
      cases += 1
    }
    #expect(cases > 5000)
  }

  @Test func blocksAreReusedAndAligned() throws {
    let allocator = Allocator(cacheLimit: 1 << 20)
    for bytes in [0, 1, 300, 5000, 100_000] {
      let first = try allocator.allocate(bytes)
      #expect(UInt(bitPattern: first) % 64 == 0)
      allocator.release(first, bytes: bytes)
      let second = try allocator.allocate(bytes)
      #expect(first == second)
      allocator.release(second, bytes: bytes)
    }
    #expect(allocator.liveBytes == 0 && allocator.cachedBytes > 100_000)
    let large = try allocator.allocate(3 << 20)
    #expect(allocator.liveBytes == 3 << 20)
    allocator.release(large, bytes: 3 << 20)
    #expect(allocator.cachedBytes < 1 << 20, "a block above the limit goes back to the system")
    allocator.releaseCache()
    #expect(allocator.cachedBytes == 0 && allocator.peakLiveBytes >= 3 << 20)
  }

  @Test func impossibleSizesAreErrors() {
    let allocator = Allocator()
    for bytes in [-1, 1 << 46, Int.max] {
      #expect(throws: TensorError.outOfMemory(bytes: bytes)) { _ = try allocator.allocate(bytes) }
    }
    #expect(allocator.liveBytes == 0)
  }

  @Test func tensorsGiveBackWhatTheyHeld() {
    let context = Context(threads: 1)
    for _ in 0..<50 { _ = context.add(context.zeros([100, 100]), 1) }
    #expect(context.allocator.liveBytes == 0)
  }

  @Test func outsideShapesAndOffsetsAreChecked() throws {
    let storage = try Storage(byteCount: 64, allocator: Allocator())
    #expect(throws: TensorError.storageTooSmall(needed: 68, available: 64)) {
      _ = try Tensor(storage: storage, dtype: .f32, shape: [17])
    }
    #expect(throws: TensorError.misaligned(offset: 2, dtype: .f32)) {
      _ = try Tensor(storage: storage, dtype: .f32, shape: [1], byteOffset: 2)
    }
    #expect(throws: TensorError.shape(.partialBlock(dtype: .q8_0, count: 33))) {
      _ = try Tensor(storage: storage, dtype: .q8_0, shape: [33])
    }
    #expect(throws: TensorError.self) { _ = try Storage(mapping: "/nonexistent/model") }
  }
}
