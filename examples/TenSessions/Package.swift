// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "TenSessions",
  dependencies: [.package(name: "venturi", path: "../..")],
  targets: [.executableTarget(name: "TenSessions", dependencies: [.product(name: "Venturi", package: "venturi")])]
)
