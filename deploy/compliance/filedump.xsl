<?xml version="1.0" encoding="utf-8"?>
<!--
  pchat's adapter "xml" to the FileDump form that Actiance-type archives read:

    adapter.NAME.CustomConfiguration  .../filedump.xsl
    adapter.NAME.AddParticipants      True

  With the latter everybody who is in a room at the start of an interval is
  entered there and everybody who is still in it at the end leaves, so that
  every Conversation balances by itself.
-->
<xsl:stylesheet version="1.0"
                xmlns:xsl="http://www.w3.org/1999/XSL/Transform">

  <xsl:output method="xml" encoding="UTF-8" indent="yes"/>

  <xsl:template match="/Conversations">
    <FileDump>
      <xsl:apply-templates select="Conversation"/>
    </FileDump>
  </xsl:template>

  <xsl:template match="Conversation">
    <Conversation Perspective="{Channel/@name}_group_channel">
      <RoomID><xsl:value-of select="Channel/@name"/></RoomID>
      <StartTimeUTC>
        <xsl:value-of select="StartTimeUTC/@since1970"/>
      </StartTimeUTC>
      <xsl:apply-templates select="Participants/AtStart/Sender"/>
      <xsl:apply-templates select="Messages/Message"/>
      <xsl:apply-templates select="Participants/AtEnd/Sender"/>
      <EndTimeUTC><xsl:value-of select="EndTimeUTC/@since1970"/></EndTimeUTC>
    </Conversation>
  </xsl:template>

  <xsl:template match="AtStart/Sender">
    <ParticipantEntered>
      <xsl:call-template name="participant">
        <xsl:with-param name="conversation" select="../../.."/>
        <xsl:with-param name="sender" select="."/>
        <xsl:with-param name="time" select="../../../StartTimeUTC"/>
      </xsl:call-template>
    </ParticipantEntered>
  </xsl:template>

  <xsl:template match="AtEnd/Sender">
    <ParticipantLeft>
      <xsl:call-template name="participant">
        <xsl:with-param name="conversation" select="../../.."/>
        <xsl:with-param name="sender" select="."/>
        <xsl:with-param name="time" select="../../../EndTimeUTC"/>
      </xsl:call-template>
    </ParticipantLeft>
  </xsl:template>

  <xsl:template match="Message[@type='JOIN']">
    <ParticipantEntered><xsl:call-template name="participant"/></ParticipantEntered>
  </xsl:template>

  <xsl:template match="Message[@type='PART']">
    <ParticipantLeft><xsl:call-template name="participant"/></ParticipantLeft>
  </xsl:template>

  <xsl:template match="Message[@type='FILEUPLOAD' or @type='FILEDOWNLOAD']">
    <FileTransferStarted>
      <xsl:call-template name="who-and-when"/>
      <FileName><xsl:value-of select="@content"/></FileName>
    </FileTransferStarted>
    <FileTransferEnded>
      <xsl:call-template name="who-and-when"/>
      <FileName><xsl:value-of select="@content"/></FileName>
      <Status>Completed</Status>
    </FileTransferEnded>
  </xsl:template>

  <xsl:template match="Message[@type='CHAT' or @type='BACKCHAT']">
    <Message>
      <xsl:call-template name="who-and-when"/>
      <Content><xsl:value-of select="@content"/></Content>
    </Message>
  </xsl:template>

  <!-- The attribute is UserName: XSLT does not mistake it for userName -->
  <xsl:template name="who-and-when">
    <xsl:param name="sender" select="Sender"/>
    <xsl:param name="time" select="DateTimeUTC"/>
    <LoginName><xsl:value-of select="$sender/@UserName"/></LoginName>
    <DateTimeUTC><xsl:value-of select="$time/@since1970"/></DateTimeUTC>
  </xsl:template>

  <xsl:template name="participant">
    <xsl:param name="conversation" select="../.."/>
    <xsl:param name="sender" select="Sender"/>
    <xsl:param name="time" select="DateTimeUTC"/>
    <xsl:call-template name="who-and-when">
      <xsl:with-param name="sender" select="$sender"/>
      <xsl:with-param name="time" select="$time"/>
    </xsl:call-template>
    <InternalFlag><xsl:value-of select="$sender/@internal"/></InternalFlag>
    <ConversationID>
      <xsl:value-of select="$conversation/Channel/@name"/>
    </ConversationID>
    <CorporateEmailID><xsl:value-of select="$sender/@email"/></CorporateEmailID>
  </xsl:template>

</xsl:stylesheet>
