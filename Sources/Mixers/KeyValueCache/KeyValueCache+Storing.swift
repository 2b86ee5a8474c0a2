import CVenturi
import Layers
import NumericTypes
import Tensors

/// Pages leave as they lie in memory, scales and block means with them.
extension KeyValueCache: StorableState {
  /// Sizes, element type, and whether there are block means.
  public var form: String {
    "keys and values of \(layout.layers) layers, \(layout.kvHeads) heads of \(layout.headDim), \(layout.dtype.displayName), "
      + "pages of \(KeyValueLayout.pageTokens)"
      + (layout.hasBlockMeans ? ", means of blocks of \(KeyValueLayout.blockTokens)" : "")
  }

  /// A page for every 256 tokens.
  public func pieceSizes(tokens: Int) -> [Int] {
    [Int](repeating: layout.pageBytes, count: KeyValueLayout.pages(tokens))
  }

  /// Hands out the pages; of the last one a copy without what it held beyond its tokens.
  ///
  /// - Throws: ``/Layers/MixerError/memory(_:)``; what `piece` throws.
  public func store(_ piece: (UnsafeRawBufferPointer) throws -> Void) throws {
    let size = KeyValueLayout.pageTokens
    for index in 0..<KeyValueLayout.pages(tokens) {
      let filled = min(size, tokens - index * size)
      let page = try filled == size ? pages[index] : beginning(filled, of: pages[index])
      try piece(page.storage.bytes)
    }
  }

  /// Fills new pages, then exchanges them for the present ones.
  ///
  /// - Throws: ``/Layers/MixerError/capacityExceeded(capacity:requested:)``, ``/Layers/MixerError/memory(_:)``; what `fill`
  ///   throws.
  public func load(tokens count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    guard count >= 0, count <= capacity else {
      throw MixerError.capacityExceeded(capacity: capacity, requested: count)
    }
    let fresh = try (0..<KeyValueLayout.pages(count)).map { _ in
      let page = try KeyValuePage(bytes: layout.pageBytes, allocator: allocator)
      try fill(UnsafeMutableRawBufferPointer(start: page.storage.base, count: page.storage.byteCount))
      return page
    }
    replacePages(from: 0, with: fresh)
    setTokens(count)
  }

  /// A page of zeros with the first `count` tokens of `page`, and the means of their whole blocks.
  private func beginning(_ count: Int, of page: KeyValuePage) throws(MixerError) -> KeyValuePage {
    let copy = try KeyValuePage(bytes: layout.pageBytes, allocator: allocator)
    copy.storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: copy.storage.byteCount)
    var kernelLayout = layout.kernelLayout
    let heads = layout.layers * layout.kvHeads
    for key in 0..<count {
      vt_attention_move(copy.storage.base, Int32(key), page.storage.base, Int32(key), Int64(heads), &kernelLayout)
    }
    guard layout.hasBlockMeans else { return copy }
    // [d][blocks of a page], f32.
    let row = KeyValueLayout.pageTokens / KeyValueLayout.blockTokens * MemoryLayout<Float>.size
    let whole = count / KeyValueLayout.blockTokens * MemoryLayout<Float>.size
    for head in 0..<heads {
      for dimension in 0..<layout.headDim {
        let offset = head * layout.headBytes + layout.meansBytes + dimension * row
        (copy.storage.base + offset).copyMemory(from: page.storage.base + offset, byteCount: whole)
      }
    }
    return copy
  }
}
