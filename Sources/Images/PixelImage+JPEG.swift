import CImages

extension PixelImage {
  static func jpeg(_ file: UnsafeRawBufferPointer, _ path: String, _ channels: Int) throws(ImageError) -> PixelImage {
    guard let decoder = tjInitDecompress() else { throw .damaged(path: path, problem: "JPEG: no decoder to be had") }
    defer { tjDestroy(decoder) }
    func problem() -> ImageError {
      .damaged(path: path, problem: "JPEG: " + (tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "damaged"))
    }
    let start = file.bindMemory(to: UInt8.self).baseAddress
    var (width, height, sampling, space) = (Int32(0), Int32(0), Int32(0), Int32(0))
    guard
      tjDecompressHeader3(decoder, start, UInt(file.count), &width, &height, &sampling, &space) == 0
    else { throw problem() }
    try check(Int(width), Int(height), path)
    guard space != Int32(TJCS_CMYK.rawValue), space != Int32(TJCS_YCCK.rawValue) else {
      throw .damaged(path: path, problem: "JPEG: printing colours (CMYK), which are not read")
    }
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    // A warning is of a file that ends early or has an error in it; one with very many scans is made to take long.
    let flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT
    var isWhole = false
    let size = Int(width) * Int(height) * channels
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      isWhole =
        tjDecompress2(
          decoder, start, UInt(file.count), buffer.baseAddress, width, 0, height, Int32(format.rawValue), flags) == 0
      count = isWhole ? size : 0
    }
    guard isWhole else { throw problem() }
    return PixelImage(width: Int(width), height: Int(height), channels: channels, bytes: bytes)
  }
}
