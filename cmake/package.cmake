# What `cmake --install` puts where, and the Debian package that CPack makes of it: ./dev package.
install(TARGETS ingot RUNTIME DESTINATION bin)
# `./dev console` makes it; without it the API is served alone.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/build/console/ DESTINATION share/ingot/console OPTIONAL)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/prometheus ${CMAKE_SOURCE_DIR}/packaging/grafana DESTINATION share/ingot)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/nginx.conf DESTINATION share/ingot)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/ DESTINATION share/doc/ingot)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md DESTINATION share/doc/ingot)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/ingot RENAME copyright)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/ingot.service DESTINATION lib/systemd/system)
install(FILES ${CMAKE_SOURCE_DIR}/docs/ingot.example.toml DESTINATION /etc/ingot RENAME ingot.toml)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ingot)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The Ingot maintainers <maintainers@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "ingestion node: webhooks and inventories in, PostgreSQL rows out")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Takes what GitHub webhooks, Drupal sites, applications, Stripe and crawlers push, follows
repositories and the MCP servers in them, and leaves clean rows in PostgreSQL.")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Beyond the libraries that dpkg-shlibdeps finds.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
# The embedded database; not needed with DATABASE_URL, but for `ingot backup` (postgresql-client).
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS postgresql)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, nginx")
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
